import { lastErrno, lazily, libcFunction } from './libc.ts';
import { systemCallError } from './system-call-error.ts';

type Syncfs = { async(fd: number, done: (error: unknown, result: number) => void): void };

const syncfs = lazily((): Syncfs => libcFunction('int syncfs(int)'));

/**
 * Makes durable all that was written to the file system of `fd` before the call: one flush for a whole batch
 * of files. It runs on another thread, so that leases are renewed meanwhile. It writes out what others have
 * dirtied as well and may take long.
 *
 * @throws as node:fs does; EIO or ENOSPC where data that was written earlier could not be kept. Then which
 * file lost it is not known.
 */
export function syncFileSystem(fd: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  syncfs().async(fd, (error, result) => {
    if (error !== null && error !== undefined) reject(error);
    else if (result === 0) resolve();
    else reject(systemCallError(lastErrno(), 'syncfs'));
  });
  return promise;
}
