import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf } from '../../../shared/errors.ts';
import { type BytePath, toBytes } from '../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../shared/fs/fingerprint.ts';
import { hashLarge, hashSmall } from '../../../shared/fs/hash-file.ts';
import { SMALL_FILE_BYTES } from '../../../shared/queue/lanes.ts';

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** @returns the SHA-256 of a file; `changed` where it is not, or not any more, the one of this fingerprint */
export async function hashUntouched(path: BytePath, fingerprint: string): Promise<Buffer | 'changed'> {
  const fd = openQuietly(path);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (fingerprintOf(stats) !== fingerprint) return 'changed';
    const sizeBytes = Number(stats.size);
    const { sha256 } = sizeBytes <= SMALL_FILE_BYTES ? hashSmall(fd, sizeBytes) : await hashLarge(fd);
    return fingerprintOf(fstatSync(fd, { bigint: true })) === fingerprint ? sha256 : 'changed';
  } finally {
    closeSync(fd);
  }
}

/** Where we may, reading leaves no trace in the access time either. */
function openQuietly(path: BytePath): number {
  try {
    return openSync(toBytes(path), OPEN_FLAGS | constants.O_NOATIME);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    return openSync(toBytes(path), OPEN_FLAGS);
  }
}
