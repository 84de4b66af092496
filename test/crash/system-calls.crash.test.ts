import { test } from 'node:test';
import { has } from '../support/mounts.ts';
import { surviveAKillAt } from './system-calls.ts';

const skip = has('strace') ? false : 'strace is not installed';

/** Everything that changes a disk on the way of a file; of the calls that come by the hundred every so many. */
const STEPS: Readonly<Record<string, number>> = {
  renameat2: 1,
  fsync: 1,
  unlink: 1,
  mkdir: 1,
  ftruncate: 1,
  syncfs: 1,
  pwrite64: 4,
  openat: 23,
};
/** Beyond what a run of three files makes of any of them. */
const MOST_RUNS = 30;

for (const [call, step] of Object.entries(STEPS)) {
  test(`a process killed at any ${call} loses nothing and doubles nothing`, {
    skip,
    timeout: 900_000,
  }, async (t) => {
    for (let run = 0, died = true; died && run < MOST_RUNS; run++) {
      const k = 1 + run * step;
      await t.test(`number ${k}`, async (each) => {
        died = await surviveAKillAt(each, call, k);
      });
    }
  });
}
