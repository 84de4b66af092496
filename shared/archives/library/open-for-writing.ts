import { isMainThread } from 'node:worker_threads';
import { fromText } from '../../fs/byte-path.ts';
import type { LeaseKernel } from '../../fs/writer-of.ts';
import { fileSystemType } from '../../linux/file-system-type.ts';
import { hasOpenWriter } from '../../linux/open-writer.ts';

/** What the kernel is asked: an argument, so that a test can have it answer otherwise. */
export type WriterKernel = LeaseKernel & {
  /** Of the file system that the file is on. */
  isNetwork(fd: number): boolean;
};

export const linuxKernel: WriterKernel = {
  hasOpenWriter,
  isNetwork: (fd) => fileSystemType(fromText(`/proc/self/fd/${fd}`)).isNetwork,
};

/**
 * Whether anybody on this host has the file open for writing, or mapped for it, by whatever name: this process among them. False where the
 * kernel cannot tell: what other hosts do with a file of a network file system, and without leases, or the right to take one, of any file.
 *
 * @param fd of a regular file, open for reading only
 */
export function isOpenForWriting(fd: number, kernel = linuxKernel): boolean {
  // A lease that is broken ends a process that does not listen for the signal, and only the main thread can.
  if (!isMainThread) return false;
  // NFS and CIFS give the same answer where the server has not promised the client that it alone has the file.
  return kernel.hasOpenWriter(fd) === 'yes' && !kernel.isNetwork(fd);
}
