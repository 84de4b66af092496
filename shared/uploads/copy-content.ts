import { createHash } from 'node:crypto';
import { type BigIntStats, fstatSync, ftruncateSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf, WharfingerError } from '../errors.ts';
import { type BytePath, toText } from '../fs/byte-path.ts';
import { fingerprintOf } from '../fs/fingerprint.ts';
import { type LargeFileOptions, readAhead } from '../fs/hash-file.ts';
import { refusal, unreadable } from './copy-faults.ts';

/** A file that is written to all the time is not copied all the time. */
const ATTEMPTS = 3;

export type CopiedContent = {
  /** Of the bytes that were written. */
  sha256: Buffer;
  /** Of the source: the same before its first byte was read and after its last. */
  stats: BigIntStats;
};

/**
 * Copies the content of an open file into another that is empty, in bounded memory, and again from its start where it changed meanwhile.
 * Nothing is durable when this returns.
 *
 * @throws WharfingerError `copy.changing` where it changed each time, `copy.unreadable`; EnvironmentError where the copy cannot be written;
 * the signal's reason when aborted
 */
export async function copyContent(
  from: { fd: number; path: BytePath },
  to: { fd: number; path: BytePath },
  options: Pick<LargeFileOptions, 'signal' | 'onProgress'>,
): Promise<CopiedContent> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = fstatSync(from.fd, { bigint: true });
    if (attempt > 0) ftruncateSync(to.fd, 0);
    const { sha256, bytes } = await copyOnce(from, to, options);
    const after = fstatSync(from.fd, { bigint: true });
    if (BigInt(bytes) === before.size && fingerprintOf(after) === fingerprintOf(before))
      return { sha256, stats: after };
  }
  throw new WharfingerError(`${toText(from.path)} changes while it is copied`, {
    code: 'copy.changing',
    subject: toText(from.path),
    retryable: true,
    hint: 'copy it when nobody writes to it any more',
  });
}

async function copyOnce(
  from: { fd: number; path: BytePath },
  to: { fd: number; path: BytePath },
  { signal, onProgress }: Pick<LargeFileOptions, 'signal' | 'onProgress'>,
): Promise<{ sha256: Buffer; bytes: number }> {
  const sha256 = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of readAhead(from.fd, signal)) {
      const written = writeWhole(to, chunk, bytes);
      sha256.update(chunk);
      await written;
      bytes += chunk.length;
      onProgress?.(bytes);
    }
  } catch (error) {
    throw errnoOf(error) === undefined ? error : unreadable(from.path, error);
  }
  return { sha256: sha256.digest(), bytes };
}

const writeChunk = promisify(write);

async function writeWhole(
  { fd, path }: { fd: number; path: BytePath },
  chunk: Buffer,
  position: number,
): Promise<void> {
  try {
    let written = 0;
    while (written < chunk.length) {
      const rest = chunk.length - written;
      written += (await writeChunk(fd, chunk, written, rest, position + written)).bytesWritten;
    }
  } catch (error) {
    throw refusal(path, error);
  }
}
