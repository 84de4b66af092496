import { readSync } from 'node:fs';

const WINDOW_BYTES = 256 * 1024;

/** Reads a file mostly from front to back in large steps, so that many small looks cost few system calls; memory is one window. */
export class FileWindow {
  readonly #fd: number;
  readonly #sizeBytes: number;
  readonly #windowBytes: number;
  #buffer = Buffer.alloc(0);
  #offset = 0;
  #length = 0;

  /** @param sizeBytes nothing behind it is read */
  constructor(fd: number, sizeBytes: number, windowBytes = WINDOW_BYTES) {
    this.#fd = fd;
    this.#sizeBytes = sizeBytes;
    this.#windowBytes = windowBytes;
  }

  /**
   * The bytes from `offset` on: fewer than asked for where the file ends before. They hold until the next call.
   *
   * @throws as node:fs does: EIO, …
   */
  at(offset: number, bytes: number): Buffer {
    const wanted = Math.max(0, Math.min(bytes, this.#sizeBytes - offset));
    if (offset < this.#offset || offset + wanted > this.#offset + this.#length) this.#load(offset, wanted);
    const start = offset - this.#offset;
    return this.#buffer.subarray(start, Math.min(start + wanted, this.#length));
  }

  #load(offset: number, wanted: number): void {
    const bytes = Math.max(0, Math.min(Math.max(wanted, this.#windowBytes), this.#sizeBytes - offset));
    if (this.#buffer.length < bytes) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    this.#offset = offset;
    this.#length = readFully(this.#fd, this.#buffer, offset, bytes);
  }
}

/**
 * Reads until `bytes` are there or the file ends; how many are there.
 *
 * @throws as node:fs does
 */
export function readFully(fd: number, into: Buffer, offset: number, bytes = into.length): number {
  let filled = 0;
  while (filled < bytes) {
    const read = readSync(fd, into, filled, bytes - filled, offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}
