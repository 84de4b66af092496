import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { EnvironmentError } from '../../../../shared/errors.ts';
import { type BytePath, dirname, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { lstatIfSeen } from '../../../../shared/fs/lstat.ts';
import type { Dialect, PlainCsv } from '../../../../shared/tables/contract.ts';
import { FileFaultError, TargetError } from '../../../../shared/tables/errors.ts';
import type { WaitingFile } from '../../../../shared/tables/task-files.ts';
import { failureOf, reasonOf } from './failure.ts';
import type { BadFile } from './settle.ts';

/** A file that was read from end to end, and is open. */
export type OpenFile = {
  file: WaitingFile;
  /** How its cells were cut. */
  dialect: Dialect;
  csv: PlainCsv;
};

/**
 * What to make of an error that a file met.
 *
 * @returns the file with its fault, where it is its own
 * @throws TargetError `away` where the machine is short of something, or cannot read at present; else what was given
 */
export function badFileOf(file: WaitingFile, error: unknown): BadFile {
  assertNoTrouble(error);
  if (!(error instanceof FileFaultError)) throw error;
  if (isSuperseded(file))
    return { file, code: 'load.changed', reason: SUPERSEDED, failure: SUPERSEDED, isSuperseded: true };
  const where = whereaboutsOf(file, error);
  const [reason, failure] = [reasonOf(error) + where, failureOf(error) + where];
  return { file, code: error.code, reason, failure, isSuperseded: false };
}

const SUPERSEDED = 'it changed since it was scanned; a later scan has it';

/** Whether a scan takes what is there now for another file. */
function isSuperseded({ path, scanned }: WaitingFile): boolean {
  if (scanned === undefined) return false;
  const found = lstatIfSeen(path);
  if (found?.isFile() !== true) return false;
  return found.mtimeNs !== scanned.mtimeNs || found.size !== BigInt(scanned.sizeBytes);
}

/** @throws TargetError `away` where the machine is short of something, or cannot read at present */
export function assertNoTrouble(error: unknown): void {
  if (!(error instanceof EnvironmentError) || !error.retryable) return;
  const { message, code, hint, subject } = error;
  const more = { ...(hint === undefined ? {} : { hint }), ...(subject === undefined ? {} : { subject }) };
  throw new TargetError('away', message, { code, ...more, cause: error });
}

/** A file that is not there because nothing is. */
function whereaboutsOf({ path }: WaitingFile, { code }: FileFaultError): string {
  if (code !== 'load.missing') return '';
  const directory = dirname(path);
  return lstatIfSeen(directory) === undefined
    ? `; nor is ${toText(directory)}: mount its file system, then retry the task`
    : '';
}

/** Never through a symlink, never blocking on a FIFO. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Calls `work` with a path that can be opened whatever the file's name is. @throws as node:fs does; EINVAL where it is no regular file */
export async function withReadPath<T>(path: BytePath, work: (readPath: string) => Promise<T>): Promise<T> {
  const fd = openSync(toBytes(path), OPEN_FLAGS);
  try {
    if (!fstatSync(fd).isFile()) throw Object.assign(new Error('it is no regular file'), { code: 'EINVAL' });
    return await work(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}
