import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { type BytePath, dirname, toBytes } from '../fs/byte-path.ts';
import { fsyncDirectory } from '../fs/durable.ts';
import type { CommittedLength } from './manifests.ts';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1024 * 1024;

/**
 * One manifest file, open for appending at offsets that the caller answers for. Only to be used by a holder of the state file's
 * write lock: that is what keeps two processes apart.
 */
export class ManifestFile {
  readonly path: BytePath;
  readonly #fd: number;

  /** Opens or creates it; its directory must exist. A new file's name is durable when this returns. */
  constructor(path: BytePath) {
    this.path = path;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    this.#fd = openSync(toBytes(path), flags, 0o644);
    if (this.sizeBytes() === 0) fsyncDirectory(dirname(path));
  }

  sizeBytes(): number {
    return fstatSync(this.#fd).size;
  }

  /** How much of it, in bounded memory, is whole lines: what follows is torn. */
  wholeLines(): CommittedLength {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const whole = { bytes: 0, lines: 0 };
    for (let offset = 0; ; ) {
      const read = readSync(this.#fd, chunk, 0, CHUNK_BYTES, offset);
      if (read === 0) return whole;
      const bytes = chunk.subarray(0, read);
      for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) whole.lines += 1;
      const last = bytes.lastIndexOf(NEWLINE);
      if (last !== -1) whole.bytes = offset + last + 1;
      offset += read;
    }
  }

  /** What stands from `offset` to the end. */
  readFrom(offset: number): Buffer {
    const bytes = Buffer.alloc(Math.max(0, this.sizeBytes() - offset));
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(this.#fd, bytes, length, bytes.length - length, offset + length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  }

  /** Throws away what stands from `offset` on. */
  cut(offset: number): void {
    ftruncateSync(this.#fd, offset);
  }

  /** Writes at `offset`, whole or with an error. Not durable before `sync`. */
  writeAt(offset: number, bytes: Buffer): void {
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(this.#fd, bytes, written, bytes.length - written, offset + written);
    }
  }

  sync(): void {
    fsyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
