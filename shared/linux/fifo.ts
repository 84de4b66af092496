import { type BytePath, toCString } from '../fs/byte-path.ts';
import { lastErrno, lazily, libcFunction } from './libc.ts';
import { systemCallError } from './system-call-error.ts';

type Mkfifo = (path: Buffer, mode: number) => number;

const mkfifo = lazily((): Mkfifo => libcFunction('int mkfifo(const void*, unsigned int)'));

/**
 * Makes a named pipe that its owner alone may open.
 *
 * @throws as node:fs does: EEXIST, ENOENT, EROFS, …; EPERM where the file system has none
 */
export function makeFifo(path: BytePath): void {
  if (mkfifo()(toCString(path), 0o600) !== 0) throw systemCallError(lastErrno(), 'mkfifo', path);
}
