import { EnvironmentError, errnoOf } from '../errors.ts';

type Meaning = { code: string; wrong: string; hint: string };

/** What is wrong with a base of which there is none. */
export const AWAY = {
  code: 'archive.base',
  wrong: 'is not there',
  hint: 'make it, or mount the file system that it lies on',
} as const;
const NOT_OURS = {
  code: 'archive.base',
  wrong: 'cannot be written to by this user',
  hint: 'let this user make files and directories in it',
} as const;
const FULL = {
  code: 'archive.no-space',
  wrong: 'has no space left',
  hint: 'free some space, or raise the quota',
} as const;
const TOO_MANY = {
  code: 'archive.io',
  wrong: 'cannot be written to: too many files are open',
  hint: 'close some of them, or raise the limit (`ulimit -n`)',
} as const;

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOENT: AWAY,
  ENOTDIR: AWAY,
  EACCES: NOT_OURS,
  EPERM: NOT_OURS,
  EROFS: NOT_OURS,
  ENOSPC: FULL,
  EDQUOT: FULL,
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
};

/** What whoever met it does next, as the end of a hint. */
const THEN = {
  deposit: 'then deposit again',
  scavenge: 'what is staged is collected then',
} as const;

/**
 * What a failed system call below the base means to whoever deposits or collects: an EnvironmentError `archive.base`, `archive.no-space` or
 * `archive.io`, all of them retryable. Other errors are returned as they are.
 */
export function faultOfBase(base: string, error: unknown, op: 'deposit' | 'scavenge'): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const { code, wrong, hint } = MEANINGS[errno] ?? {
    code: 'archive.io',
    wrong: `cannot be used (${errno})`,
    hint: 'look at its file system',
  };
  return new EnvironmentError(`the base of archives ${base} ${wrong}`, {
    code,
    op,
    subject: base,
    retryable: true,
    hint: `${hint}; ${THEN[op]}`,
    cause: error,
  });
}
