import { read } from 'node:fs';
import { promisify } from 'node:util';
import { WharfingerError } from '../../../../../shared/errors.ts';

/** What one read asks for: few calls, and little that is read in vain when the consumer stops. */
export const READ_BYTES = 128 * 1024;

const readAt = promisify(read);

/**
 * The bytes from `start` to `end` (exclusive), in order. Every chunk is a buffer of its own, which stays as it is.
 * Only positioned reads; none is under way once the iteration has ended, however it ended.
 *
 * @throws as node:fs does, `source.shrank` where the file ends before `end`, the signal's reason when aborted
 */
export async function* readRange(
  fd: number,
  start: number,
  end: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  for (let position = start; position < end; ) {
    signal?.throwIfAborted();
    const length = Math.min(READ_BYTES, end - position);
    const { bytesRead, buffer } = await readAt(fd, Buffer.allocUnsafeSlow(length), 0, length, position);
    if (bytesRead === 0) throw shrank(position, end);
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The bytes from `start` to `end` at once: for headers. Throws as `readRange` does. */
export async function readPiece(fd: number, start: number, end: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readRange(fd, start, end)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Somebody writes to it: what is there now may be read by the next attempt. */
const shrank = (position: number, end: number): WharfingerError =>
  new WharfingerError(`the file ends after ${position} of ${end} bytes: it was cut while it was read`, {
    code: 'source.shrank',
    op: 'read',
    retryable: true,
    hint: 'Let writers rename finished files into place.',
  });
