import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soak } from './soak.ts';
import { table } from './table.ts';

test('twenty seconds of writers, kills and freezes lose nothing and double nothing', async (t) => {
  const result = await soak({
    minutes: 1 / 6,
    seed: 42,
    disks: false,
    say: (line) => t.diagnostic(line),
    signal: t.signal,
  });
  t.diagnostic(table(result));
  assert.deepEqual(result.problems, []);
});
