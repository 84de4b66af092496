import { EnvironmentError, errnoOf } from '../errors.ts';

/** Runs `action` on a directory; a system call that fails becomes one line that a person can act on. */
export function onDirectory<Result>(path: string, what: string, hint: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw directoryFault(path, what, hint, error);
  }
}

/** What a failed system call means to the person who gave the directory. Other errors are returned as they are. */
function directoryFault(path: string, what: string, hint: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const fault = (wrong: string, mend: string): EnvironmentError =>
    new EnvironmentError(`${what} ${path} ${wrong}`, {
      code: 'directory.unusable',
      subject: path,
      hint: mend,
      cause: error,
    });
  switch (errno) {
    case 'ENOENT':
      return fault('does not exist', hint);
    case 'ENOTDIR':
    case 'EEXIST':
      return fault('is not a directory, or lies below a file', hint);
    case 'EACCES':
    case 'EPERM':
      return fault('is not open to this user', 'let this user read, write and enter it');
    case 'EROFS':
      return fault('is on a file system that is mounted read-only', 'mount it for writing, or give another');
    case 'ENOSPC':
    case 'EDQUOT':
      return fault('cannot be made: no space is left', 'free space on its file system');
    default:
      return fault(`cannot be used (${errno})`, hint);
  }
}
