import { closeSync, constants, openSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { type BytePath, toBytes } from './byte-path.ts';

/** What is asked of the kernel: an argument, so that a test can have it refuse. */
export type LeaseKernel = { hasOpenWriter(fd: number): 'yes' | 'no' | 'unknown' };

/** Never through a symlink, and never waiting: for a FIFO's other end, or for whoever has leased the file. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Whether any process has the file open for writing.
 *
 * @returns `unknown` where the kernel does not tell us, or where we may not even open it; then whoever takes the file finds out
 */
export function openWriterOf(path: BytePath, kernel: LeaseKernel): 'yes' | 'no' | 'unknown' {
  let fd: number;
  try {
    fd = openSync(toBytes(path), OPEN_FLAGS);
  } catch (error) {
    // Somebody holds a lease of his own: a file server whose client writes.
    return errnoOf(error) === 'EAGAIN' ? 'yes' : 'unknown';
  }
  try {
    return kernel.hasOpenWriter(fd);
  } finally {
    closeSync(fd);
  }
}
