import type { BigIntStats } from 'node:fs';

/** By what a volume is known again: whoever writes it anew, or into it, changes one of them. */
export type FileFacts = { ino: bigint; size: bigint; mtimeNs: bigint };

export const factsOf = ({ ino, size, mtimeNs }: BigIntStats): FileFacts => ({ ino, size, mtimeNs });

export const isSameFile = (a: FileFacts, b: FileFacts): boolean =>
  a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
