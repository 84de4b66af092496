import { test } from 'node:test';
import { has } from '../support/mounts.ts';
import { surviveAKillAt } from './system-calls.ts';

const skip = has('strace') ? false : 'strace is not installed';

/** Everything that changes a disk on the way of a file. */
const CALLS = ['renameat2', 'fsync', 'syncfs', 'pwrite64', 'unlink', 'mkdir', 'ftruncate', 'openat'] as const;
/** Far beyond what a run of three files makes of most of them. */
const MOST = 40;

for (const call of CALLS) {
  test(`a process killed at any ${call} loses nothing and doubles nothing`, {
    skip,
    timeout: 900_000,
  }, async (t) => {
    const step = call === 'pwrite64' ? 3 : call === 'openat' ? 17 : 1;
    const limit = call === 'openat' ? 400 : MOST * step;
    for (let k = 1; k <= limit; k += step) {
      if (!(await surviveAKillAt(t, call, k))) break;
    }
  });
}
