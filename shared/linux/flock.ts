import { constants } from 'node:os';
import { EAGAIN, lastErrno, lazily, libcFunction } from './libc.ts';
import { systemCallError } from './system-call-error.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;

const { EINTR } = constants.errno;

type Flock = (fd: number, operation: number) => number;

const flock = lazily((): Flock => libcFunction('int flock(int, int)'));

/**
 * Takes the exclusive lock of an open file, without waiting. It belongs to what was opened and not to the name: it goes along with a
 * rename, and the kernel drops it when the descriptor is closed, or its process ends in whatever way. Nobody is kept from reading,
 * writing or removing the file: it only tells those who ask for the lock too. Idempotent for one descriptor.
 *
 * @param fd open for reading is enough, but for network file systems
 * @returns false where somebody else has it
 * @throws as node:fs does: ENOTSUP, ENOSYS or EINVAL where the file system has no such locks, ENOLCK; EBADF where it wants the file
 * open for writing
 */
export function tryLock(fd: number): boolean {
  while (flock()(fd, LOCK_EX | LOCK_NB) !== 0) {
    const errno = lastErrno();
    if (errno === EAGAIN) return false;
    if (errno !== EINTR) throw systemCallError(errno, 'flock');
  }
  return true;
}
