import { read } from 'node:fs';
import { promisify } from 'node:util';
import { EnvironmentError, errnoOf, WharfingerError } from '../errors.ts';

/** What is to be sent. */
export type Content =
  /** Small, and whole in memory. */
  | { type: 'bytes'; bytes: Buffer }
  /** Read by position; the descriptor's own position stays, and it is never closed here. */
  | { type: 'file'; fd: number; sizeBytes: number }
  /**
   * Of unknown size, a decompressed file say. May be opened again, each time from its start, also while it is open. Its chunks are copied: they
   * need to be valid only until the next is asked for. An error that it throws goes on as it is.
   */
  | { type: 'stream'; open(signal: AbortSignal): AsyncIterable<Buffer> };

/** A content on its way, from its start to its end. */
export interface Source {
  /**
   * Fills a buffer.
   *
   * @param onChunk is told each piece of it as soon as that is there, in order
   * @returns less than its length, or 0, only at the end
   */
  fill(into: Buffer, onChunk: (chunk: Buffer) => void): Promise<number>;
  /** Nothing reads any more when this resolves. */
  close(): Promise<void>;
}

/** Hashing so much holds up the event loop for a few milliseconds. */
const CHUNK_BYTES = 1024 * 1024;

const readChunk = promisify(read);

/** The first `sizeBytes` of a file: what is appended while it is sent is not for this object. */
export class FileSource implements Source {
  readonly #fd: number;
  readonly #sizeBytes: number;
  readonly #signal: AbortSignal;
  #position = 0;

  constructor(fd: number, sizeBytes: number, signal: AbortSignal) {
    this.#fd = fd;
    this.#sizeBytes = sizeBytes;
    this.#signal = signal;
  }

  async fill(into: Buffer, onChunk: (chunk: Buffer) => void): Promise<number> {
    const most = Math.min(into.length, this.#sizeBytes - this.#position);
    let filled = 0;
    while (filled < most) {
      this.#signal.throwIfAborted();
      const bytes = await this.#read(into, filled, Math.min(CHUNK_BYTES, most - filled));
      onChunk(into.subarray(filled, filled + bytes));
      filled += bytes;
    }
    return filled;
  }

  async #read(into: Buffer, offset: number, length: number): Promise<number> {
    const { bytesRead } = await readChunk(this.#fd, into, offset, length, this.#position).catch((error) => {
      throw new EnvironmentError(`the file cannot be read (${errnoOf(error) ?? 'unknown error'})`, {
        code: 'upload.read',
        op: 'read',
        retryable: true,
        cause: error,
      });
    });
    if (bytesRead === 0)
      throw new WharfingerError(`the file ends after ${this.#position} of ${this.#sizeBytes} bytes`, {
        code: 'upload.changed',
        op: 'read',
        retryable: true,
      });
    this.#position += bytesRead;
    return bytesRead;
  }

  async close(): Promise<void> {}
}

/** The chunks of a stream. */
export class StreamSource implements Source {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #signal: AbortSignal;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>, signal: AbortSignal) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  async fill(into: Buffer, onChunk: (chunk: Buffer) => void): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#rest.length === 0 && !(await this.#next())) break;
      const bytes = this.#rest.copy(into, filled, 0, Math.min(this.#rest.length, CHUNK_BYTES));
      this.#rest = this.#rest.subarray(bytes);
      onChunk(into.subarray(filled, filled + bytes));
      filled += bytes;
    }
    return filled;
  }

  /** Not copied: nothing else is asked for before it is used up. */
  async #next(): Promise<boolean> {
    this.#signal.throwIfAborted();
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#rest = value;
    return true;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

/** A beginning that is in memory already, and then what follows it. */
export class ContinuedSource implements Source {
  #head: Buffer;
  readonly #tail: Source;

  constructor(head: Buffer, tail: Source) {
    this.#head = head;
    this.#tail = tail;
  }

  async fill(into: Buffer, onChunk: (chunk: Buffer) => void): Promise<number> {
    let filled = 0;
    while (filled < into.length && this.#head.length > 0) {
      const bytes = this.#head.copy(into, filled, 0, CHUNK_BYTES);
      this.#head = this.#head.subarray(bytes);
      onChunk(into.subarray(filled, filled + bytes));
      filled += bytes;
    }
    // An empty one keeps no memory of what it was cut from.
    if (this.#head.length === 0) this.#head = Buffer.alloc(0);
    if (filled === into.length) return filled;
    return filled + (await this.#tail.fill(into.subarray(filled), onChunk));
  }

  close(): Promise<void> {
    return this.#tail.close();
  }
}

export function openContent(content: Exclude<Content, { type: 'bytes' }>, signal: AbortSignal): Source {
  return content.type === 'file'
    ? new FileSource(content.fd, content.sizeBytes, signal)
    : new StreamSource(content.open(signal), signal);
}
