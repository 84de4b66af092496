import { FileFaultError, TargetError } from '../errors.ts';
import { toldBy } from './messages.ts';

/**
 * What an error of DuckDB means: a `TargetError` where its file, memory or disk is to blame; else the error itself, which is a defect.
 *
 * @param subject what was worked on, as a person reads it
 */
export function failureOf(error: unknown, subject: string): unknown {
  if (!(error instanceof Error) || error instanceof TargetError) return error;
  const told = toldBy(error.message);
  if (told === undefined) return error;
  const { trouble, code, says, hint } = told;
  return new TargetError(trouble, `${subject}: ${says}`, {
    code,
    subject,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/**
 * The same of an error of a load: where its memory did not do, fewer files may. A single file that needs too much is a fault of its own;
 * with more the caller can load them in parts.
 *
 * @returns FileFaultError `load.memory` of the only file, or TargetError `load.memory`
 */
export function loadFailureOf(error: unknown, files: readonly { fileId: number }[]): unknown {
  const failure = failureOf(error, 'DuckDB');
  const [file] = files;
  if (!(failure instanceof TargetError) || failure.code !== 'load.target-memory' || file === undefined)
    return failure;
  if (files.length > 1)
    return new TargetError('away', failure.message, {
      code: 'load.memory',
      subject: 'DuckDB',
      cause: failure,
    });
  const reason = 'DuckDB ran out of the memory that it may use, with this file alone';
  return new FileFaultError({ fileId: file.fileId, code: 'load.memory', reason }, failure);
}
