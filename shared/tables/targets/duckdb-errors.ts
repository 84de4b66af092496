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
  const [, kind = '', said = ''] = /^([A-Za-z ]+) Error: (.*)/.exec(error.message) ?? [];
  const meaning = MEANINGS.get(kind);
  if (meaning === undefined) return error;
  const [trouble, code, hint] = meaning;
  return new TargetError(trouble, `${place}: ${said}`, { code, subject: place, hint, cause: error });
}

type Meaning = [TargetTrouble, string, string];

const AWAY: Meaning = ['away', 'load.target-io', 'see what ails its file system; nothing is lost meanwhile'];
const REFUSED: Meaning = ['refused', 'load.refused', 'mend the table, then: wharfinger load retry'];

/** By the class of DuckDB's exception, which its text begins with. What fails in a commit is of the class TransactionContext. */
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
      : trouble === 'refused'
        ? 'see that this user may write there'
        : 'free space on its file system, or see what ails it; nothing is lost meanwhile',
    cause,
  });
}

const NEEDS_A_PERSON: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
]);
