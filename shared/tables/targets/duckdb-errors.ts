import { errnoOf, WharfingerError } from '../../errors.ts';
import { failureOf } from '../engine/failure.ts';
import { TargetError, type TargetTrouble } from '../errors.ts';

/**
 * What a failure of DuckDB, or of a system call, means for whoever loads. What is no failure of the target is given back as it is.
 *
 * @param place the file or directory, for the message
 */
export function targetErrorOf(error: unknown, place: string): unknown {
  if (!(error instanceof Error) || error instanceof WharfingerError) return error;
  const errno = errnoOf(error);
  if (errno !== undefined) return fileError(errno, error.message, place, error);
  const known = failureOf(error, place);
  if (known !== error) return known;
  const { kind, said } = exceptionOf(error);
  const meaning = MEANINGS.get(kind);
  if (meaning === undefined) return error;
  const [trouble, code, hint] = meaning;
  return new TargetError(trouble, `${place}: ${said}`, { code, subject: place, hint, cause: error });
}

/** What DuckDB raised: the class of its exception, which its text begins with, and the first line of what it says. */
export function exceptionOf(error: unknown): { kind: string; said: string } {
  const message = error instanceof Error ? error.message : '';
  const [, kind = '', said = ''] = /^([A-Za-z ]+) Error: (.*)/.exec(message) ?? [];
  return { kind, said };
}

/** Whether a row is to blame: a column that must have a value, a value that is unique, a CHECK, a key of another table. */
export const isOfARow = (error: unknown): boolean => exceptionOf(error).kind === 'Constraint';

type Meaning = [TargetTrouble, string, string];

const AWAY: Meaning = ['away', 'load.target-io', 'see what ails its file system; nothing is lost meanwhile'];
const REFUSED: Meaning = ['refused', 'load.refused', 'mend the table, then: wharfinger load retry'];

/** By the class of DuckDB's exception. What fails in a commit is of the class TransactionContext. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['IO', AWAY],
  ['TransactionContext', AWAY],
  ['FATAL', AWAY],
  ['Constraint', REFUSED],
  ['Dependency', REFUSED],
  ['Permission', REFUSED],
]);

/** What the name of a failed system call means for a place that files are written to. */
export function fileError(errno: string, message: string, place: string, cause: unknown): TargetError {
  const isMissing = errno === 'ENOENT' || errno === 'ENOTDIR';
  const trouble = NEEDS_A_PERSON.has(errno) ? 'refused' : 'away';
  return new TargetError(trouble, `${place}: ${message}`, {
    code: trouble === 'refused' ? 'load.target-path' : 'load.target-io',
    subject: place,
    hint: isMissing
      ? 'mount its file system, or make the directory that it is in'
      : errno === 'EROFS'
        ? 'mount its file system so that it can be written to; nothing is lost meanwhile'
        : trouble === 'refused'
          ? 'see that this user may write there'
          : 'free space on its file system, or see what ails it; nothing is lost meanwhile',
    cause,
  });
}

/** EROFS is not among them: a file system with a fault is mounted read-only by the kernel, and is mended behind us. */
const NEEDS_A_PERSON: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'ENAMETOOLONG']);
