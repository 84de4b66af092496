import { createHash, hash } from 'node:crypto';
import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';

export type FileHash = {
  sha256: Buffer;
  /** Where it was asked for. */
  md5: Buffer | undefined;
  /** What was read and hashed. Other than the size of the file: it changed meanwhile. */
  bytes: number;
};

/**
 * Hashes files that fit into its buffer, each by one read. Nothing is allocated but the hash: this is done
 * for hundreds of thousands of files.
 */
export class SmallFileHasher {
  readonly mostBytes: number;
  readonly #buffer: Buffer;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
    this.#buffer = Buffer.allocUnsafeSlow(mostBytes + 1);
  }

  /**
   * Reads from the start, whatever the descriptor's position, which stays.
   *
   * @param sizeBytes as fstat said. Of a file that has grown one byte more is read and hashed, of one that
   * has shrunk what is left; `bytes` tells.
   */
  hash(fd: number, sizeBytes: number, { withMd5 = false }: { withMd5?: boolean } = {}): FileHash {
    if (sizeBytes > this.mostBytes)
      throw new RangeError(`${sizeBytes} bytes are more than ${this.mostBytes}`);
    // One byte more is asked for, so that a full read is also the proof that there is no more.
    let bytes = readSync(fd, this.#buffer, 0, sizeBytes + 1, 0);
    while (bytes < sizeBytes) {
      const more = readSync(fd, this.#buffer, bytes, sizeBytes + 1 - bytes, bytes);
      if (more === 0) break;
      bytes += more;
    }
    const content = this.#buffer.subarray(0, bytes);
    return {
      sha256: hash('sha256', content, 'buffer'),
      md5: withMd5 ? hash('md5', content, 'buffer') : undefined,
      bytes,
    };
  }
}

let shared = new SmallFileHasher(0);

/** The same with a buffer that all callers share, as large as the largest file yet. */
export function hashSmall(fd: number, sizeBytes: number, options: { withMd5?: boolean } = {}): FileHash {
  if (sizeBytes > shared.mostBytes) shared = new SmallFileHasher(sizeBytes);
  return shared.hash(fd, sizeBytes, options);
}

/**
 * Large enough that the calls do not count, small enough that hashing one holds up the event loop for a
 * millisecond only.
 */
export const CHUNK_BYTES = 1024 * 1024;

export type LargeFileOptions = {
  /** Aborting makes it throw the signal's reason, after the read that is under way. */
  signal?: AbortSignal;
  /** After each chunk, with the bytes so far. */
  onProgress?: (bytes: number) => void;
  withMd5?: boolean;
};

/**
 * Hashes a file of any size from its start to its end as it is when that is reached; the descriptor's
 * position stays. One chunk is read on another thread while the one before is hashed. No read is under way
 * when it returns or throws, so that the descriptor may be closed.
 */
export async function hashLarge(
  fd: number,
  { signal, onProgress, withMd5 = false }: LargeFileOptions = {},
): Promise<FileHash> {
  const sha256 = createHash('sha256');
  const md5 = withMd5 ? createHash('md5') : undefined;
  let bytes = 0;
  for await (const chunk of readAhead(fd, signal)) {
    sha256.update(chunk);
    md5?.update(chunk);
    bytes += chunk.length;
    onProgress?.(bytes);
  }
  return { sha256: sha256.digest(), md5: md5?.digest(), bytes };
}

const readChunk = promisify(read);

/** A failure is told to whoever awaits it, however late. */
function startReading(fd: number, chunk: Buffer, position: number): Promise<{ bytesRead: number }> {
  const reading = readChunk(fd, chunk, 0, CHUNK_BYTES, position);
  reading.catch(() => undefined);
  return reading;
}

/**
 * The chunks of a file; each is valid until the next is asked for, and is followed by the reading of the
 * next. Throws and ends as `hashLarge` does.
 */
export async function* readAhead(fd: number, signal?: AbortSignal): AsyncGenerator<Buffer> {
  let current = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let next = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let position = 0;
  let reading = startReading(fd, current, position);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      position += bytesRead;
      reading = startReading(fd, next, position);
      yield current.subarray(0, bytesRead);
      [current, next] = [next, current];
    }
  } finally {
    await reading.catch(() => undefined);
  }
}
