import { linkSync, lstatSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { type BytePath, toBytes, toCString } from '../fs/byte-path.ts';
import { AT_FDCWD, EINVAL, ENOSYS, lastErrno, lazily, systemCall } from './libc.ts';
import { systemCallError } from './system-call-error.ts';

const RENAME_NOREPLACE = 1;

const PARAMETERS = 'int, const void*, int, const void*, unsigned int';

const renameat2 = lazily(() => systemCall('int', 'renameat2', PARAMETERS, { x64: 316, arm64: 276 }));

/**
 * Gives `from` the name `to`, and never takes that name from anything: atomic, so that at every moment
 * exactly one of the two names is there. Neither name is durable before both directories are fsynced.
 *
 * Where the file system does not know the flag (some FUSE and network ones), link and unlink do the same for
 * a file: never replacing either, but a crash between the two leaves both names, of one inode. A directory is
 * then not renamed.
 *
 * @throws as node:fs does: EEXIST where `to` is there, EXDEV across file systems and across mounts of one,
 * ENOENT, …
 */
export function renameNoReplace(from: BytePath, to: BytePath): void {
  if (renameat2()(AT_FDCWD, toCString(from), AT_FDCWD, toCString(to), RENAME_NOREPLACE) === 0) return;
  const errno = lastErrno();
  // EINVAL is also the answer to moving a directory into itself, which link refuses as well.
  if ((errno === EINVAL || errno === ENOSYS) && !isDirectory(from)) linkAndUnlink(from, to);
  else throw systemCallError(errno, 'rename', from, to);
}

function linkAndUnlink(from: BytePath, to: BytePath): void {
  linkSync(toBytes(from), toBytes(to));
  try {
    unlinkSync(toBytes(from));
  } catch (error) {
    // Somebody took the old name away: the new one may be the last.
    if (errnoOf(error) === 'ENOENT') return;
    unlinkSync(toBytes(to));
    throw error;
  }
}

const isDirectory = (path: BytePath): boolean => lstatSync(toBytes(path)).isDirectory();
