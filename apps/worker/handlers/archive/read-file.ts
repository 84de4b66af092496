import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../../../shared/errors.ts';
import { dirname, isWithin, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { type Fingerprint, fingerprintOf } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfSeen } from '../../../../shared/fs/lstat.ts';
import { isPermission, meaningOf } from '../ingest/faults.ts';
import { hasMark } from '../ingest/mark.ts';
import type { FileToArchive, Outcome } from './file.ts';

/** Never through a symlink, never blocking on a FIFO. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file that is open, and of the size that it had when it was committed. */
export type OpenFile = { fd: number; stats: BigIntStats; fingerprint: Fingerprint };

/** Its content is not the one that the ledger knows. */
export const CHANGED: Outcome = {
  end: 'failed',
  reason: 'it is not what was committed any more: somebody has changed it in the warehouse',
};

/** When a file that cannot be read at present is looked at again. */
const LOOK_AGAIN_MS = 30_000;

/** @returns how its job ends, where it is not there, or not what was committed */
export function openFile(file: FileToArchive, nowMs: number): OpenFile | Outcome {
  const { path, sizeBytes } = file;
  let fd: number;
  try {
    fd = openSync(toBytes(path), OPEN_FLAGS);
  } catch (error) {
    return outcomeOfFailure(error, file, nowMs);
  }
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (stats.isFile() && stats.size === BigInt(sizeBytes))
      return { fd, stats, fingerprint: fingerprintOf(stats) };
    closeSync(fd);
    const found = stats.isFile() ? `it has ${stats.size} bytes by now` : 'it is no regular file by now';
    return {
      end: 'failed',
      reason: `${found}; ${sizeBytes} were committed: somebody has changed it in the warehouse`,
    };
  } catch (error) {
    closeSync(fd);
    return outcomeOfFailure(error, file, nowMs);
  }
}

/** @returns undefined where there is more or less than was committed @throws as node:fs does */
export function readWhole({ fd }: OpenFile, sizeBytes: number): Buffer | undefined {
  // One byte more is asked for: a full read is the proof that there is no more.
  const buffer = Buffer.allocUnsafe(sizeBytes + 1);
  let bytes = 0;
  for (let more = -1; more !== 0 && bytes < buffer.length; bytes += more)
    more = readSync(fd, buffer, bytes, buffer.length - bytes, bytes);
  return bytes === sizeBytes ? buffer.subarray(0, bytes) : undefined;
}

/** Whether nobody has touched it since it was opened. */
export const isUntouched = ({ fd, fingerprint }: OpenFile): boolean =>
  fingerprintOf(fstatSync(fd, { bigint: true })) === fingerprint;

/** What a failed system call on a file of the warehouse means to its job. Anything else is thrown on. */
export function outcomeOfFailure(error: unknown, file: FileToArchive, nowMs: number): Outcome {
  const { path, warehouse } = file;
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  const later = (reason: string): Outcome => ({ end: 'delayed', reason, runAtMs: nowMs + LOOK_AGAIN_MS });
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    if (isWithin(warehouse, path) && !hasMark(warehouse))
      return later(
        `the warehouse ${toText(warehouse)} is not there, or has lost its mark: mount its file system`,
      );
    const mount =
      lstatIfSeen(dirname(path)) === undefined
        ? `; nor is ${toText(dirname(path))}: mount its file system, then retry this job`
        : ': somebody has taken it away';
    return { end: 'failed', reason: `it is not in the warehouse any more${mount}` };
  }
  if (errno === 'ELOOP') return { end: 'failed', reason: 'it is a symbolic link by now' };
  if (isPermission(error))
    return { end: 'failed', reason: `it cannot be read: ${meaningOf(error)}; let this user read it` };
  // Somebody has leased it, the machine is short of something, or its disk does not answer.
  return later(`it cannot be read at present: ${meaningOf(error)}`);
}
