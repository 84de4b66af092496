import { closeSync, fstatSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';

/** What the file system says that it is now, in milliseconds since 1970: what its ctimes can be compared with, whatever the hosts' own clocks say. */
export type ServerClock = { nowMs(): number };

/** Names of the files that it makes; one that a crash left is removed by the next holder of the lease. */
export const PROBE = /^clock-/;

/**
 * The clock of a file server: the ctime of a file that was made just now. Made anew for each look: a write may stay in the cache of the
 * client, which then says its own time.
 *
 * @param directory must be there
 */
export function serverClock(directory: string, random: () => number): ServerClock {
  let looks = 0;
  return {
    nowMs() {
      for (;;) {
        looks += 1;
        const digits = Math.floor(random() * 2 ** 48).toString(16);
        const file = join(directory, `clock-${process.pid}-${looks}-${digits}`);
        const fd = make(file);
        if (fd === undefined) continue;
        try {
          return fstatSync(fd).ctimeMs;
        } finally {
          closeSync(fd);
          remove(file);
        }
      }
    },
  };
}

/** Undefined where somebody has the same random numbers. */
function make(file: string): number | undefined {
  try {
    return openSync(file, 'wx');
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    // A scavenger that has just got the lease tidied up.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
