import { setImmediate as nextTurn } from 'node:timers/promises';
import { FileWindow } from '../zip/file-window.ts';
import { LOCAL_BYTES, LOCAL_SIGNATURE } from '../zip/format.ts';
import { parseLocalHeader } from '../zip/read-local-header.ts';
import type { StagedFile, StagedHeader } from './staged-header.ts';

const SCAN_BYTES = 64 * 1024;
/** The longest that a writer makes: a name of 4,096 bytes and all extra fields. Data may be full of what claims to be longer. */
const MAX_HEADER_BYTES = LOCAL_BYTES + 4096 + 128;
/** The random part stands before the seal, at the end of a header. */
const RANDOM_FROM_END = 12;
const RANDOM_BYTES = 8;

/** Looks for local headers of one staging archive. */
export class HeaderFinder {
  readonly #sizeBytes: number;
  readonly #random: Buffer;
  readonly #headers: FileWindow;
  readonly #scanned: FileWindow;
  readonly #signature = Buffer.alloc(4);

  constructor({ fd, sizeBytes, window }: StagedFile, random: string) {
    this.#sizeBytes = sizeBytes;
    this.#random = Buffer.from(random, 'hex');
    this.#headers = window;
    this.#scanned = new FileWindow(fd, sizeBytes);
    this.#signature.writeUInt32LE(LOCAL_SIGNATURE);
  }

  /** The whole header that begins at `offset`, if it is one of this staging archive. */
  at(offset: number): StagedHeader | undefined {
    const fixed = this.#headers.at(offset, LOCAL_BYTES);
    if (fixed.length < LOCAL_BYTES || !fixed.subarray(0, 4).equals(this.#signature)) return undefined;
    const bytes = LOCAL_BYTES + fixed.readUInt16LE(26) + fixed.readUInt16LE(28);
    if (bytes > MAX_HEADER_BYTES) return undefined;
    const header = this.#headers.at(offset, bytes);
    // Before all else is looked at: data may be full of what looks like headers.
    if (header.length < bytes || !this.#hasRandom(header)) return undefined;
    const found = parseLocalHeader(header);
    if (found?.ours?.random === undefined) return undefined;
    const { nameBytes, method, crc32, sizeBytes, packedBytes, ours } = found;
    const { sha256, mtimeMs, mode } = ours;
    const dataOffset = offset + bytes;
    return { nameBytes, method, crc32, sizeBytes, packedBytes, mtimeMs, mode, sha256, dataOffset };
  }

  #hasRandom(header: Buffer): boolean {
    const at = header.length - RANDOM_FROM_END;
    return header.subarray(at, at + RANDOM_BYTES).equals(this.#random);
  }

  /** Where the next one begins, from `offset` on; the end of the file where there is none. Others get their turn while it looks. */
  async next(offset: number): Promise<number> {
    for (let at = offset; at < this.#sizeBytes; ) {
      const piece = this.#scanned.at(at, SCAN_BYTES);
      for (
        let hit = piece.indexOf(this.#signature);
        hit !== -1;
        hit = piece.indexOf(this.#signature, hit + 1)
      )
        if (this.at(at + hit) !== undefined) return at + hit;
      if (at + piece.length >= this.#sizeBytes) break;
      // A signature may begin in this piece and end in the next.
      at += piece.length - (this.#signature.length - 1);
      await nextTurn();
    }
    return this.#sizeBytes;
  }

  /** What looks like the name in a header that was cut or spoiled. */
  nameAt(offset: number): string | undefined {
    const fixed = this.#headers.at(offset, LOCAL_BYTES);
    if (fixed.length < LOCAL_BYTES || !fixed.subarray(0, 4).equals(this.#signature)) return undefined;
    const bytes = fixed.readUInt16LE(26);
    const name = this.#headers.at(offset + LOCAL_BYTES, bytes);
    const text = name.toString('utf8');
    return bytes > 0 && name.length === bytes && Buffer.from(text, 'utf8').equals(name) ? text : undefined;
  }
}
