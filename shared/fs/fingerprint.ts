import type { BigIntStats } from 'node:fs';

/**
 * What a file looked like when it was judged: `device:inode:size:mtime_ns:ctime_ns`. Equal fingerprints mean that
 * nobody wrote, replaced, renamed or re-dated the file in between, because no program can set ctime.
 */
export type Fingerprint = string & { readonly __fingerprint: unique symbol };

/** Node gives device and inode numbers of 2^63 and above as negative ones. */
export const unsigned = (number: bigint): bigint => BigInt.asUintN(64, number);

export const fingerprintOf = (stats: BigIntStats): Fingerprint =>
  `${unsigned(stats.dev)}:${unsigned(stats.ino)}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}` as Fingerprint;

/** What the state file keeps of a file. */
type Parts = { device: bigint; inode: bigint; sizeBytes: number; mtimeNs: bigint; ctimeNs: bigint };

/** Whether a file still has the fingerprint that these make. */
export const hasFingerprintOf = (parts: Parts, stats: BigIntStats): boolean =>
  unsigned(stats.ino) === parts.inode &&
  unsigned(stats.dev) === parts.device &&
  stats.size === BigInt(parts.sizeBytes) &&
  stats.mtimeNs === parts.mtimeNs &&
  stats.ctimeNs === parts.ctimeNs;

/** The same fingerprint from what the state file keeps. */
export const fingerprintOfParts = (file: Parts): Fingerprint =>
  `${file.device}:${file.inode}:${file.sizeBytes}:${file.mtimeNs}:${file.ctimeNs}` as Fingerprint;
