import { EnvironmentError, errnoOf, WharfingerError } from '../errors.ts';
import { type BytePath, toText } from '../fs/byte-path.ts';

/** What is wrong with one file, while others may fare better. */
export const fileFault = (path: BytePath, what: string, hint: string): WharfingerError =>
  new WharfingerError(`${toText(path)} ${what}`, { code: 'copy.file', subject: toText(path), hint });

/** Something else has the name in `incoming` that a copy is to get. */
export const nameTaken = (path: BytePath, by: 'other' | 'directory'): WharfingerError =>
  by === 'directory'
    ? fileFault(path, 'is a directory', 'end the destination with / to copy into it')
    : new WharfingerError(`a file of that name waits there already: ${toText(path)}`, {
        code: 'copy.taken',
        subject: toText(path),
        hint: '--force replaces it',
      });

/** Does something in the server directory. A refusal that comes of the name of the file is a fault of this file alone. */
export function atPlace<T>(path: BytePath, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOTDIR' || errno === 'EEXIST')
      throw fileFault(
        path,
        'cannot be made: a file waits where it needs a directory',
        'give it another name',
      );
    if (errno === 'ENAMETOOLONG')
      throw fileFault(path, 'is a longer name than the file system takes', 'give it a shorter one');
    throw refusal(path, error);
  }
}

export function unreadable(path: BytePath, cause: unknown): WharfingerError {
  const errno = errnoOf(cause);
  return new WharfingerError(`${toText(path)} cannot be read (${errno})`, {
    code: 'copy.unreadable',
    op: 'read',
    subject: toText(path),
    hint:
      errno === 'EACCES' || errno === 'EPERM' ? 'let this user read it' : 'find out what is wrong with it',
    cause,
  });
}

/** What a refusal of the server directory means to a person. Errors that are no system call's are returned as they are. */
export function refusal(path: BytePath, cause: unknown): unknown {
  const errno = errnoOf(cause);
  if (errno === undefined) return cause;
  const [what, hint] = REFUSALS[errno] ?? [`cannot be written (${errno})`, 'look at its disk with `dmesg`'];
  return new EnvironmentError(`${toText(path)} ${what}`, {
    code: 'copy.refused',
    subject: toText(path),
    hint,
    cause,
  });
}

const FREE_SPACE = 'free space, and copy again: what was copied before waits in incoming';

const REFUSALS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['cannot be written: no space is left on the file system of the server directory', FREE_SPACE],
  EDQUOT: ['cannot be written: the quota of the server directory is used up', FREE_SPACE],
  EFBIG: ['cannot be written: it is larger than its file system or `ulimit -f` allows', 'raise the limit'],
  EROFS: ['is on a file system that is mounted read-only', 'mount it for writing'],
  EACCES: ['may not be written by this user', 'let this user write to the server directory'],
  EPERM: ['may not be written by this user', 'let this user write to the server directory'],
  EXDEV: ['cannot be moved to incoming at once', 'put all of the server directory on one file system'],
};
