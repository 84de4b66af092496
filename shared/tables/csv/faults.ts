import { EnvironmentError, errnoOf, WharfingerError } from '../../errors.ts';
import { type BytePath, toText } from '../../fs/byte-path.ts';
import { FileFaultError } from '../errors.ts';

/** What a byte of the text shows to be wrong. Its line is found only then: counting lines for all files would cost more than the rest. */
export class TextFault extends Error {
  override readonly name = 'TextFault';
  readonly code: string;
  /** Of the text, from 0. */
  readonly offset: number;
  /** Given the line, from 1, that the offset is in. */
  readonly reasonOf: (line: number) => string;
  readonly hint: string | undefined;

  constructor(code: string, offset: number, reasonOf: (line: number) => string, hint?: string) {
    super(code);
    this.code = code;
    this.offset = offset;
    this.reasonOf = reasonOf;
    this.hint = hint;
  }
}

export const fileFault = (
  fileId: number,
  code: string,
  reason: string,
  hint?: string,
  cause?: unknown,
): FileFaultError => new FileFaultError({ fileId, code, reason, hint }, cause);

export const changedFault = (fileId: number, reason: string): FileFaultError =>
  fileFault(
    fileId,
    'load.changed',
    reason,
    'look who writes to files in the store; finished files must be renamed into place',
  );

/** A system call's failure on the way, as an error that another attempt may mend; anything else as it is. */
export function readTrouble(path: BytePath, error: unknown): unknown {
  if (error instanceof WharfingerError || errnoOf(error) === undefined) return error;
  return new EnvironmentError(`${toText(path)} cannot be read now (${errnoOf(error)})`, {
    code: 'load.read',
    op: 'read',
    subject: toText(path),
    retryable: true,
    cause: error,
  });
}
