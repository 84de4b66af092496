import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { type BytePath, toBytes } from '../fs/byte-path.ts';
import { fingerprintOf } from '../fs/fingerprint.ts';
import { hashLarge } from '../fs/hash-file.ts';
import { lstatIfThere } from '../fs/lstat.ts';
import { hasOpenWriter } from '../linux/open-writer.ts';
import { atPlace } from './copy-faults.ts';

/** Never through a symlink, never blocking on a FIFO. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What stands under the name that a copy is to get. */
export type Taken = 'nothing' | 'same' | 'other' | 'directory';

/** The content to compare with: its hash is asked for only where the sizes are equal. */
export type Content = { sizeBytes: bigint; sha256(): Promise<Buffer> };

/** A file that cannot be read, or that somebody is writing, counts as another one. Throws as `atPlace` does. */
export async function whatIsAt(path: BytePath, content: Content, signal?: AbortSignal): Promise<Taken> {
  const stats = atPlace(path, () => lstatIfThere(path));
  if (stats === undefined) return 'nothing';
  if (stats.isDirectory()) return 'directory';
  if (!stats.isFile() || stats.size !== content.sizeBytes) return 'other';
  let fd: number;
  try {
    fd = openSync(toBytes(path), OPEN_FLAGS);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return errnoOf(error) === 'ENOENT' ? 'nothing' : 'other';
  }
  try {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile() || before.size !== content.sizeBytes || hasOpenWriter(fd) === 'yes') return 'other';
    const { sha256, bytes } = await hashLarge(fd, signal === undefined ? {} : { signal });
    const isSame = BigInt(bytes) === content.sizeBytes && sha256.equals(await content.sha256());
    // By its size and times: a server may have moved it on meanwhile, and has it then.
    const after = fstatSync(fd, { bigint: true });
    return isSame && after.size === before.size && after.mtimeNs === before.mtimeNs ? 'same' : 'other';
  } finally {
    closeSync(fd);
  }
}

/** Hashes an open file at its first use. */
export function contentOf(fd: number, signal?: AbortSignal): Content {
  let hashed: Promise<Buffer> | undefined;
  return {
    sizeBytes: fstatSync(fd, { bigint: true }).size,
    sha256: () => {
      hashed ??= hashUnchanged(fd, signal);
      return hashed;
    },
  };
}

/** Of a file that changes meanwhile: of nothing, which equals no file. */
async function hashUnchanged(fd: number, signal: AbortSignal | undefined): Promise<Buffer> {
  const before = fstatSync(fd, { bigint: true });
  const { sha256 } = await hashLarge(fd, signal === undefined ? {} : { signal });
  return fingerprintOf(fstatSync(fd, { bigint: true })) === fingerprintOf(before) ? sha256 : Buffer.alloc(0);
}
