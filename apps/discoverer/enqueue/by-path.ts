import type { BytePath } from '../../../shared/fs/byte-path.ts';

/** The order in which files are enqueued: neighbours in the indexes are then written together, whatever order the file system gave. */
export const byPath = (a: { path: BytePath }, b: { path: BytePath }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
