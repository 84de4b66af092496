import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canHaveDisks } from './harbour.ts';
import { soak } from './soak.ts';
import { table } from './table.ts';

test('two minutes of writers, kills, freezes, full disks and power cuts lose nothing and double nothing', {
  timeout: 600_000,
}, async (t) => {
  const result = await soak({
    minutes: 5 / 3,
    seed: Math.floor(Math.random() * 1_000_000),
    disks: canHaveDisks(),
    // Printed as it comes: a run in which nothing is heard for long counts as one that hangs.
    say: (line) => console.log(line),
    signal: t.signal,
  });
  t.diagnostic(table(result));
  assert.deepEqual(result.problems, []);
});
