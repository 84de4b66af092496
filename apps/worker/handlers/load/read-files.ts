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
  if (error instanceof EnvironmentError && error.retryable) {
    const { message, code, hint } = error;
    const hinted = hint === undefined ? {} : { hint };
    throw new TargetError('away', message, { code, subject: file.name, ...hinted, cause: error });
  }
  if (!(error instanceof FileFaultError)) throw error;
  const where = whereaboutsOf(file, error);
  return { file, code: error.code, reason: reasonOf(error) + where, failure: failureOf(error) + where };
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
