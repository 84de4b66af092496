import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { Release } from '../../../../shared/archive-sink/releases.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, dirname, isWithin, toBytes } from '../../../../shared/fs/byte-path.ts';
import { type Fingerprint, fingerprintOf, unsigned } from '../../../../shared/fs/fingerprint.ts';
import { hashLarge } from '../../../../shared/fs/hash-file.ts';
import { lstatIfSeen } from '../../../../shared/fs/lstat.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import { hasMark } from '../ingest/mark.ts';

/** Never through a symlink, never blocking on a FIFO. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What stands where a file of the warehouse was. */
export type Standing = { is: 'it'; fingerprint: Fingerprint } | { is: 'another' | 'gone' | 'written' };

/**
 * Whether the file that was deposited still stands in the warehouse: by its fingerprint, which no program can set, else by its content.
 *
 * @param isOfAnother whether the ledger says that the same content stands there for another file
 * @throws as node:fs does; the signal's reason
 */
export async function standingOf(
  { path, fingerprint, sizeBytes, sha256 }: Release,
  isOfAnother: () => boolean,
  signal: AbortSignal,
): Promise<Standing> {
  const fd = openIfThere(path);
  if (typeof fd === 'string') return { is: fd };
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile() || stats.size !== BigInt(sizeBytes)) return { is: 'another' };
    if (hasOpenWriter(fd) === 'yes') return { is: 'written' };
    if (fingerprintOf(stats) === fingerprint) return { is: 'it', fingerprint };
    if (isOfAnother()) return { is: 'another' };
    const hash = await hashLarge(fd, { signal });
    const now = fingerprintOf(fstatSync(fd, { bigint: true }));
    if (now !== fingerprintOf(stats)) return { is: 'written' };
    return hash.sha256.equals(sha256) ? { is: 'it', fingerprint: now } : { is: 'another' };
  } finally {
    closeSync(fd);
  }
}

function openIfThere(path: BytePath): number | 'gone' | 'another' | 'written' {
  try {
    return openSync(toBytes(path), OPEN_FLAGS);
  } catch (error) {
    switch (errnoOf(error)) {
      case 'ENOENT':
      case 'ENOTDIR':
        return 'gone';
      case 'ELOOP':
        return 'another';
      // Somebody has leased it: a file server whose client writes.
      case 'EAGAIN':
        return 'written';
      default:
        throw error;
    }
  }
}

/** Whether a name is still the file of a fingerprint, but for its ctime, which a rename changes. */
export function isStill(stats: BigIntStats | undefined, fingerprint: Fingerprint): boolean {
  if (stats === undefined) return false;
  const { dev, ino, size, mtimeNs } = stats;
  return fingerprint.startsWith(`${unsigned(dev)}:${unsigned(ino)}:${size}:${mtimeNs}:`);
}

/** Whether what is in the warehouse, or was taken from it, can be seen: a file that cannot is not gone. */
export function canBeSeen(path: BytePath, warehouse: BytePath | undefined): boolean {
  if (warehouse !== undefined && isWithin(warehouse, path)) return hasMark(warehouse);
  return lstatIfSeen(dirname(path)) !== undefined;
}
