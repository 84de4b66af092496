import { EnvironmentError, errnoOf, UsageError, WharfingerError } from '../../errors.ts';

type Meaning = { code: string; wrong: string; hint: string };

const AWAY = {
  code: 'archive.base',
  wrong: 'is not there',
  hint: 'make it, or mount the file system that it lies on; then deposit again',
} as const;
const NOT_OURS = {
  code: 'archive.base',
  wrong: 'cannot be written to by this user',
  hint: 'let this user make files and directories in it; then deposit again',
} as const;
const FULL = {
  code: 'archive.no-space',
  wrong: 'has no space left',
  hint: 'free some space, or raise the quota; then deposit again',
} as const;
const TOO_MANY = {
  code: 'archive.io',
  wrong: 'cannot be written to: too many files are open',
  hint: 'close some of them, or raise the limit (`ulimit -n`); then deposit again',
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

/**
 * What a failed system call below the base means to whoever deposits: an EnvironmentError `archive.base`, `archive.no-space` or `archive.io`,
 * all of them retryable. Other errors are returned as they are.
 */
export function baseFault(base: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const { code, wrong, hint } = MEANINGS[errno] ?? {
    code: 'archive.io',
    wrong: `cannot be used (${errno})`,
    hint: 'look at its file system; then deposit again',
  };
  return new EnvironmentError(`the base of archives ${base} ${wrong}`, {
    code,
    op: 'deposit',
    subject: base,
    retryable: true,
    hint,
    cause: error,
  });
}

/** What would be deposited there nobody would find again. */
export const anotherBaseFault = (base: string): EnvironmentError =>
  new EnvironmentError(`the base of archives ${base} is another directory than it was`, {
    code: 'archive.base',
    op: 'deposit',
    subject: base,
    retryable: true,
    hint: 'mount the file system that it lies on again, then deposit again; if it was replaced on purpose, start the program anew',
  });

/** A scavenger took the staging archive away each time before what was written could be acknowledged. */
export const takenFault = (base: string): EnvironmentError =>
  new EnvironmentError(`what is staged in ${base} is taken away again and again while it is written`, {
    code: 'archive.taken',
    op: 'deposit',
    subject: base,
    retryable: true,
    hint: 'let scavengers rotate more slowly than one deposit takes, and look whether their clocks or `--flush` make them too eager',
  });

/** Nothing of the deposit can be collected. */
export const changedFault = (name: string, what: string): WharfingerError =>
  new WharfingerError(`what was to be deposited as ${JSON.stringify(name)} ${what}`, {
    code: 'archive.content-changed',
    op: 'deposit',
    subject: name,
    retryable: true,
    hint: 'nothing was deposited; try again when nobody writes to it',
  });

/** What is deposited could not be read; the base is not to blame. */
export const sourceFault = (name: string, cause: unknown): unknown =>
  errnoOf(cause) === undefined
    ? cause
    : new EnvironmentError(
        `what was to be deposited as ${JSON.stringify(name)} cannot be read (${errnoOf(cause)})`,
        {
          code: 'archive.source',
          op: 'read',
          subject: name,
          retryable: true,
          hint: 'nothing was deposited; look at the file system that it lies on',
          cause,
        },
      );

export const closedFault = (base: string): UsageError =>
  new UsageError(`the archives in ${base} are closed`, {
    code: 'archive.closed',
    subject: base,
    hint: 'deposit before close() is called, and await each close() and pickup()',
  });
