import { type BigIntStats, lstatSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { type BytePath, toBytes } from './byte-path.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: the test is for ASCII, which has them
const ASCII = /^[\x00-\x7f]*$/;

const LSTAT = { bigint: true, throwIfNoEntry: false } as const;

/**
 * What a name is now; undefined where there is nothing, also for a file standing where its directory was.
 *
 * @throws as node:fs does, but never ENOENT or ENOTDIR: EACCES, EIO, ESTALE, …
 */
export function lstatIfThere(path: BytePath): BigIntStats | undefined {
  try {
    // Nearly all names are ASCII, the same as text and as bytes; making bytes of them would take a fifth of the time of the call.
    return lstatSync(ASCII.test(path) ? path : toBytes(path), LSTAT);
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The same where it is no fault to see nothing: also undefined where we may not look, or cannot. */
export function lstatIfSeen(path: BytePath): BigIntStats | undefined {
  try {
    return lstatIfThere(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
