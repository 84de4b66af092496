import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, errnoOf } from '../../errors.ts';

/** From asm-generic/fcntl.h of Linux: without O_DIRECTORY in it old kernels would make a file. Node has no name for it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** What kernels and file systems without it answer. */
const WITHOUT: readonly (string | undefined)[] = ['EOPNOTSUPP', 'ENOTSUP', 'EISDIR', 'EINVAL', 'ENOENT'];

/**
 * A new file to write and read, which has no name: it is gone when its descriptor is closed, also by a crash.
 *
 * @throws EnvironmentError `archive.temporary`
 */
export function openTemporaryFile(directory: string): number {
  try {
    return openUnnamed(directory) ?? openUnlinked(directory);
  } catch (error) {
    throw temporaryFault(directory, error);
  }
}

/** @returns undefined where the file system cannot do it */
function openUnnamed(directory: string): number | undefined {
  try {
    return openSync(directory, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch (error) {
    if (WITHOUT.includes(errnoOf(error))) return undefined;
    throw error;
  }
}

function openUnlinked(directory: string): number {
  const path = join(directory, `.wharfinger-${randomBytes(8).toString('hex')}.tmp`);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(path, flags, 0o600);
  try {
    unlinkSync(path);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

const TOO_MANY: readonly string[] = ['EMFILE', 'ENFILE'];

/** What it means to whoever writes the file. Errors that are no system call's are returned as they are. */
export function temporaryFault(directory: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const isTooMany = TOO_MANY.includes(errno);
  const wrong = isTooMany
    ? `too many files are open for another one in ${directory}`
    : `a file that is open has no room in ${directory}`;
  return new EnvironmentError(`${wrong} (${errno})`, {
    code: 'archive.temporary',
    op: 'write',
    subject: directory,
    hint: isTooMany
      ? 'close some before others are opened, or raise the limit (`ulimit -n`)'
      : 'free space there, or give another `temporaryDirectory`',
    cause: error,
  });
}
