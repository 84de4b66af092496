import { constants } from 'node:os';
import { type BytePath, fromBytes, toCString, toText } from '../fs/byte-path.ts';
import { lastErrno, lazily, libcFunction } from './libc.ts';
import { systemCallError } from './system-call-error.ts';

/** The kernel's limit, for one value as for the list of names. */
const MOST_BYTES = 64 * 1024;

const { ENODATA, ENOTSUP, ENOSYS, EIO } = constants.errno;

type Xattr = {
  list: (fd: number, names: Buffer, size: number) => number;
  get: (fd: number, name: Buffer, value: Buffer, size: number) => number;
  set: (fd: number, name: Buffer, value: Buffer, size: number, flags: number) => number;
};

/**
 * Copies all extended attributes that this process may see, ACLs and capabilities among them. To be called
 * after the owner is set, since a change of owner takes capabilities away.
 *
 * @returns the names of those that the target's file system, or our rights, did not allow
 * @throws EIO, as node:fs does
 */
export function copyXattrs(fromFd: number, toFd: number): string[] {
  const { get, set } = xattr();
  const refused: string[] = [];
  for (const name of namesOf(fromFd)) {
    const cName = toCString(name);
    const size = get(fromFd, cName, value(), MOST_BYTES);
    if (size === -1) {
      const errno = lastErrno();
      if (errno === EIO) throw systemCallError(errno, 'fgetxattr');
      // Removed since it was listed.
      if (errno !== ENODATA) refused.push(toText(name));
    } else if (set(toFd, cName, value(), size, 0) === -1) {
      const errno = lastErrno();
      if (errno === EIO) throw systemCallError(errno, 'fsetxattr');
      refused.push(toText(name));
    }
  }
  return refused;
}

function namesOf(fd: number): BytePath[] {
  const length = xattr().list(fd, value(), MOST_BYTES);
  if (length === -1) {
    const errno = lastErrno();
    if (errno === ENOTSUP || errno === ENOSYS) return [];
    throw systemCallError(errno, 'flistxattr');
  }
  // Each is ended by a NUL.
  const names = fromBytes(value().subarray(0, length)).split('\0');
  return names.slice(0, -1) as BytePath[];
}

/** For one list or one value at a time. */
const value = lazily(() => Buffer.allocUnsafeSlow(MOST_BYTES));

const xattr = lazily(
  (): Xattr => ({
    list: libcFunction('long flistxattr(int, void*, size_t)'),
    get: libcFunction('long fgetxattr(int, const void*, void*, size_t)'),
    set: libcFunction('int fsetxattr(int, const void*, const void*, size_t, int)'),
  }),
);
