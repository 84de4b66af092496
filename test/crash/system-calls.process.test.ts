import assert from 'node:assert/strict';
import { test } from 'node:test';
import { has } from '../support/mounts.ts';
import { surviveAKillAt } from './system-calls.ts';

const skip = has('strace') ? false : 'strace is not installed';

for (const [call, k] of [
  ['renameat2', 1],
  ['renameat2', 2],
  ['fsync', 2],
  ['fsync', 5],
  ['pwrite64', 9],
] as const) {
  test(`a process killed at its ${call} number ${k} loses nothing and doubles nothing`, {
    skip,
  }, async (t) => {
    assert.ok(await surviveAKillAt(t, call, k), `no process came to ${call} number ${k}`);
  });
}
