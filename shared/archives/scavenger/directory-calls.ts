import { closeSync, openSync } from 'node:fs';
import { type FileCalls, nodeCalls } from '../staging/file-calls.ts';

/**
 * For `syncDirectory`: the fsync lets others go on, since a disk that fails may take seconds to say so and the lease is to be kept meanwhile. To
 * open and close a directory takes less than to ask another thread for it, and it is done for each archive.
 */
export const directoryCalls: FileCalls = {
  ...nodeCalls,
  open: async (path, flags, mode) => openSync(path, flags, mode),
  close: async (fd) => closeSync(fd),
};
