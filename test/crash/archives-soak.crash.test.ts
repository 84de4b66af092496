import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cannotHaveHosts } from '../soak/archives/host.ts';
import { cannotReadArchives } from '../soak/archives/read-archives.ts';
import { soak } from '../soak/archives/soak.ts';
import { table } from '../soak/archives/table.ts';
import { canHaveDisks } from '../soak/harbour.ts';

test('two minutes of writers, scavengers, kills, freezes, dead hosts, full disks and power cuts lose nothing and double nothing', {
  timeout: 600_000,
  skip: cannotReadArchives() ?? false,
}, async (t) => {
  const result = await soak({
    minutes: 5 / 3,
    seed: Math.floor(Math.random() * 1_000_000),
    disk: canHaveDisks(),
    hosts: cannotHaveHosts() === undefined,
    // Printed as it comes: a run in which nothing is heard for long counts as one that hangs.
    say: (line) => console.log(line),
    signal: t.signal,
  });
  t.diagnostic(table(result));
  assert.deepEqual(result.problems, []);
});
