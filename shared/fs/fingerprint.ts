import type { BigIntStats } from 'node:fs';

/**
 * What a file looked like when it was judged: `device:inode:size:mtime_ns:ctime_ns`. Equal fingerprints mean that
 * nobody wrote, replaced, renamed or re-dated the file in between, because no program can set ctime.
 */
export type Fingerprint = string & { readonly __fingerprint: unique symbol };

export const fingerprintOf = (stats: BigIntStats): Fingerprint =>
  `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}` as Fingerprint;

/** The same from what the state file keeps of a file. */
export const fingerprintOfParts = (file: {
  device: bigint;
  inode: bigint;
  sizeBytes: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
}): Fingerprint =>
  `${file.device}:${file.inode}:${file.sizeBytes}:${file.mtimeNs}:${file.ctimeNs}` as Fingerprint;
