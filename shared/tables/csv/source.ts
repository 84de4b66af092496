import { createHash, hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { chunksOf } from './chunks.ts';
import { changedFault } from './faults.ts';
import type { OpenedFile } from './open-regular.ts';

/** The file's own bytes, as they are read once. */
export type Source = {
  /** The first bytes, which come again with the others. */
  head: Buffer;
  /** The last four. */
  tail: Buffer;
  /** Each chunk is valid until the next is asked for. May be iterated once. */
  chunks(): AsyncIterable<Buffer>;
  /** All of them, where they are few; valid until the next small file is read. */
  whole: Buffer | undefined;
  /** Of all of them, lower-case hex, when they have been read. */
  sha256(): string;
};

/** Files up to here are read at once, without a turn of the event loop. */
const SMALL_BYTES = 256 * 1024;

/** Of those; nothing waits between its being filled and its last use. */
let shared: Buffer | undefined;

const HEAD_BYTES = 16;
const TAIL_BYTES = 4;

/** @throws FileFaultError `load.changed` where the file has more or fewer bytes than it had when it was opened; as node:fs does */
export function readSource(
  fileId: number,
  { fd, stats }: OpenedFile,
  signal: AbortSignal,
  chunkBytes?: number,
): Source {
  const sizeBytes = Number(stats.size);
  if (sizeBytes > Math.min(SMALL_BYTES, chunkBytes ?? SMALL_BYTES))
    return large(fileId, fd, sizeBytes, signal, chunkBytes);
  shared ??= Buffer.allocUnsafeSlow(SMALL_BYTES + 1);
  // One byte more is asked for, which is also the proof that there is no more.
  const whole = readInto(fd, shared.subarray(0, sizeBytes + 1), 0);
  assertSize(fileId, whole.length, sizeBytes);
  const sha256 = hash('sha256', whole, 'hex');
  // A copy: what is read asynchronously lives longer than the buffer's content.
  const chunks = () => one(Buffer.from(whole));
  return {
    head: whole.subarray(0, HEAD_BYTES),
    tail: whole.subarray(-TAIL_BYTES),
    whole,
    chunks,
    sha256: () => sha256,
  };
}

function large(
  fileId: number,
  fd: number,
  sizeBytes: number,
  signal: AbortSignal,
  chunkBytes: number | undefined,
): Source {
  const sha256 = createHash('sha256');
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    let bytes = 0;
    for await (const chunk of chunksOf(fd, signal, { chunkBytes })) {
      sha256.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    assertSize(fileId, bytes, sizeBytes);
  }
  const head = readPart(fd, 0, HEAD_BYTES);
  const tail = readPart(fd, Math.max(0, sizeBytes - TAIL_BYTES), TAIL_BYTES);
  return { head, tail, whole: undefined, chunks, sha256: () => sha256.digest('hex') };
}

function readInto(fd: number, buffer: Buffer, start: number): Buffer {
  let bytes = 0;
  while (bytes < buffer.length) {
    const more = readSync(fd, buffer, bytes, buffer.length - bytes, start + bytes);
    if (more === 0) break;
    bytes += more;
  }
  return buffer.subarray(0, bytes);
}

const readPart = (fd: number, start: number, bytes: number): Buffer =>
  readInto(fd, Buffer.alloc(bytes), start);

async function* one(chunk: Buffer): AsyncGenerator<Buffer, void, undefined> {
  if (chunk.length > 0) yield chunk;
}

function assertSize(fileId: number, bytes: number, sizeBytes: number): void {
  if (bytes !== sizeBytes)
    throw changedFault(fileId, `it has other than its ${sizeBytes} bytes: it changed while it was read`);
}
