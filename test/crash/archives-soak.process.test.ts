import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cannotHaveHosts } from '../soak/archives/host.ts';
import { cannotReadArchives } from '../soak/archives/read-archives.ts';
import { soak } from '../soak/archives/soak.ts';
import { table } from '../soak/archives/table.ts';

test('some seconds of writers, scavengers, kills and freezes lose nothing and double nothing', {
  skip: cannotReadArchives() ?? false,
}, async (t) => {
  const result = await soak({
    minutes: 1 / 10,
    seed: 42,
    disk: false,
    hosts: cannotHaveHosts() === undefined,
    say: (line) => t.diagnostic(line),
    signal: t.signal,
  });
  t.diagnostic(table(result));
  assert.deepEqual(result.problems, []);
});
