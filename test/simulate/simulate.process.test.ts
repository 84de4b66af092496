import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './simulate.ts';

test('every scene of the simulation ends exactly once', { timeout: 180_000 }, async (t) => {
  const problems = await simulate((line) => t.diagnostic(line));
  assert.deepEqual(problems, []);
});
