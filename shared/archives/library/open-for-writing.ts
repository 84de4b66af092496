import { isMainThread } from 'node:worker_threads';
import type { LeaseKernel } from '../../fs/writer-of.ts';
import { hasOpenWriter } from '../../linux/open-writer.ts';

export const linuxKernel: LeaseKernel = { hasOpenWriter };

/**
 * Whether anybody on this host has the file open for writing, or mapped for it, by whatever name: this process among them. False where the
 * kernel cannot tell: what other hosts do with a file of a network file system, and without leases, or the right to take one, of any file.
 *
 * @param fd of a regular file, open for reading only
 */
export function isOpenForWriting(fd: number, kernel = linuxKernel): boolean {
  // A lease that is broken ends a process that does not listen for the signal, and only the main thread can.
  return isMainThread && kernel.hasOpenWriter(fd) === 'yes';
}
