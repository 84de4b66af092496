import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';

/** Few calls, and no more than some 3 ms of work until other things have their turn. */
export const CHUNK_BYTES = 1024 * 1024;

export type ChunkOptions = { start?: number; chunkBytes?: number | undefined };

const readAt = promisify(read);

/**
 * The bytes of a file to its end. Each chunk is valid until the next is asked for. Only positioned reads; none is under way once the
 * iteration has ended.
 *
 * @throws as node:fs does; the signal's reason when aborted
 */
export async function* chunksOf(
  fd: number,
  signal: AbortSignal,
  { start = 0, chunkBytes = CHUNK_BYTES }: ChunkOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  for (let position = start; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await readAt(fd, buffer, 0, chunkBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The same at once. */
export function* chunksNow(
  fd: number,
  { start = 0, chunkBytes = CHUNK_BYTES }: ChunkOptions = {},
): Generator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  for (let position = start; ; ) {
    const bytesRead = readSync(fd, buffer, 0, chunkBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
