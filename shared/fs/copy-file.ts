import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf } from '../errors.ts';
import { type BytePath, toBytes } from './byte-path.ts';
import { type LargeFileOptions, readAhead } from './hash-file.ts';

export { preserveAttributes } from './preserve-attributes.ts';

const CREATE_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Nobody else reads a copy before it is whole and has its own mode. */
const CREATE_MODE = 0o600;

export type Copied = {
  /** Of the bytes that were written. */
  sha256: Buffer;
  bytes: number;
  /** Of the copy, open; the caller's to close. */
  fd: number;
};

/**
 * Copies a file, from its start to its end as it is when that is reached, to a name that must not be there
 * yet, in bounded memory: while one chunk is written and hashed, the next is read. Nothing of it is durable
 * when this returns.
 *
 * When it throws, the copy is closed and removed again, and nothing goes on with `sourceFd`.
 *
 * @throws as node:fs does: EEXIST, ENOSPC, EIO, …; the signal's reason when aborted
 */
export async function copyHashed(
  sourceFd: number,
  temporary: BytePath,
  { signal, onProgress }: Pick<LargeFileOptions, 'signal' | 'onProgress'> = {},
): Promise<Copied> {
  const path = toBytes(temporary);
  const fd = openSync(path, CREATE_FLAGS, CREATE_MODE);
  try {
    const sha256 = createHash('sha256');
    let bytes = 0;
    for await (const chunk of readAhead(sourceFd, signal)) {
      const written = writeWhole(fd, chunk, bytes);
      sha256.update(chunk);
      await written;
      bytes += chunk.length;
      onProgress?.(bytes);
    }
    return { sha256: sha256.digest(), bytes, fd };
  } catch (error) {
    closeSync(fd);
    removeIfThere(path);
    throw error;
  }
}

/** That it is gone already must not hide why the copy failed. */
function removeIfThere(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

const writeChunk = promisify(write);

async function writeWhole(fd: number, chunk: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await writeChunk(fd, chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
}
