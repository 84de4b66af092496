import type { FileLoad, FileToLoad } from '../contract.ts';

/** The files that are not among these. */
export function filesWithout(files: readonly FileToLoad[], present: readonly FileLoad[]): FileToLoad[] {
  const known = new Set(present.map(({ fileId }) => fileId));
  return files.filter(({ fileId }) => !known.has(fileId));
}
