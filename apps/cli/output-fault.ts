import { EnvironmentError, errnoOf } from '../../shared/errors.ts';

/** What a write to standard output that failed means: nobody goes on with it by himself. Other errors are returned as they are. */
export function outputFault(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  return new EnvironmentError(`standard output cannot be written to (${errno})`, {
    code: 'output',
    op: 'write',
    hint: HINTS[errno] ?? 'look at where it goes, then run this again',
    cause: error,
  });
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free space where it goes, then run this again',
  EDQUOT: 'raise the quota where it goes, or free space, then run this again',
};
