import { closeSync, openSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { errnoOf } from '../../errors.ts';
import { readFully } from '../zip/file-window.ts';
import { ENTRY_BYTES } from '../zip/format.ts';
import type { DirectoryEnd } from '../zip/read-directory.ts';
import type { FileFacts } from './file-facts.ts';
import {
  compareAt,
  compareKeys,
  entryOffsetAt,
  lowerBound,
  type NameIndex,
  type NameKey,
  RECORD_BYTES,
} from './name-key.ts';

/**
 * `.wharfinger/index/ARCHIVE/NUMBER.idx`: what a full volume holds. First 64 bytes of which volume, then for each block of records the key
 * it begins with and its CRC, then the records. So one name costs one read of one block, and what is in the index is either as it was
 * written or found out.
 */

const MAGIC = 0x57464958;
const VERSION = 1;
const HEADER_BYTES = 64;
/** Where in the header the CRC of it and the blocks' table stands. */
const CRC_AT = 60;
const BLOCK_RECORDS = 256;
const BLOCK_BYTES = BLOCK_RECORDS * RECORD_BYTES;
const TABLE_ENTRY_BYTES = 12;

/** The index is not what was written: it is of no use, and is made anew. */
export class IndexFault extends Error {}

/** What stands in a file that says of which volume it is, sorted records and all. */
export function encodeIndex(records: Buffer, volume: FileFacts, end: DirectoryEnd): Buffer {
  const blocks = Math.ceil(records.length / BLOCK_BYTES);
  const head = Buffer.alloc(HEADER_BYTES + blocks * TABLE_ENTRY_BYTES);
  encodeHeader(volume, end).copy(head);
  for (let block = 0; block < blocks; block += 1) {
    const content = records.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    const at = HEADER_BYTES + block * TABLE_ENTRY_BYTES;
    content.copy(head, at, 0, 8);
    head.writeUInt32BE(crc32(content), at + 8);
  }
  head.writeUInt32BE(crc32(head), CRC_AT);
  return Buffer.concat([head, records]);
}

/** Of the table the CRC is still 0. */
function encodeHeader(volume: FileFacts, end: DirectoryEnd): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(VERSION, 4);
  header.writeBigUInt64BE(BigInt(end.entries), 8);
  header.writeBigUInt64BE(volume.size, 16);
  header.writeBigInt64BE(volume.mtimeNs, 24);
  header.writeBigUInt64BE(volume.ino, 32);
  header.writeBigUInt64BE(BigInt(end.directoryOffset), 40);
  header.writeBigUInt64BE(BigInt(end.directoryBytes), 48);
  return header;
}

/** The index of a volume as it was when it was made; it holds nothing open. */
export class IndexFile implements NameIndex {
  readonly end: DirectoryEnd;
  readonly #path: string;
  readonly #table: Buffer;

  private constructor(path: string, end: DirectoryEnd, table: Buffer) {
    this.#path = path;
    this.end = end;
    this.#table = table;
  }

  /** @returns undefined where there is none, or not one of this very volume */
  static open(path: string, volume: FileFacts): IndexFile | undefined {
    const fd = openIfThere(path);
    if (fd === undefined) return undefined;
    try {
      const header = Buffer.alloc(HEADER_BYTES);
      if (readFully(fd, header, 0) < HEADER_BYTES) return undefined;
      const end = endIn(header);
      const crc = header.readUInt32BE(CRC_AT);
      header.writeUInt32BE(0, CRC_AT);
      if (!header.equals(encodeHeader(volume, end))) return undefined;
      // Memory is asked for by this number.
      if (end.entries * ENTRY_BYTES > end.directoryBytes) return undefined;
      const table = Buffer.alloc(Math.ceil(end.entries / BLOCK_RECORDS) * TABLE_ENTRY_BYTES);
      if (readFully(fd, table, HEADER_BYTES) < table.length) return undefined;
      return crc32(table, crc32(header)) === crc ? new IndexFile(path, end, table) : undefined;
    } finally {
      closeSync(fd);
    }
  }

  lookup(keys: readonly NameKey[], onHit: (position: number, entryOffset: number) => void): void {
    const fd = openIfThere(this.#path);
    if (fd === undefined) throw new IndexFault(`${this.#path} was removed`);
    try {
      const reader = new BlockReader(fd, this.#table, this.end.entries);
      for (const [position, key] of keys.entries()) {
        for (const entryOffset of reader.offsetsOf(key)) onHit(position, entryOffset);
      }
    } finally {
      closeSync(fd);
    }
  }
}

/** Reads blocks as they are asked for, and keeps the last one. */
class BlockReader {
  readonly #fd: number;
  readonly #table: Buffer;
  readonly #blocks: number;
  readonly #bytes: number;
  #read = -1;
  #block = Buffer.alloc(0);

  constructor(fd: number, table: Buffer, entries: number) {
    this.#fd = fd;
    this.#table = table;
    this.#blocks = table.length / TABLE_ENTRY_BYTES;
    this.#bytes = entries * RECORD_BYTES;
  }

  *offsetsOf(key: NameKey): Generator<number> {
    // Records with one key may go over from one block into the next.
    for (let block = this.#firstBlockFor(key); block < this.#blocks; block += 1) {
      if (compareKeys(this.#keyOf(block), key) > 0) return;
      const records = this.#load(block);
      let at = lowerBound(records, key);
      for (; at < records.length && compareAt(records, at, key) === 0; at += RECORD_BYTES)
        yield entryOffsetAt(records, at);
      if (at < records.length) return;
    }
  }

  /** The last block that begins before the key. */
  #firstBlockFor(key: NameKey): number {
    let [from, to] = [0, this.#blocks];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compareKeys(this.#keyOf(middle), key) < 0) from = middle + 1;
      else to = middle;
    }
    return Math.max(0, from - 1);
  }

  #keyOf(block: number): NameKey {
    const at = block * TABLE_ENTRY_BYTES;
    return { high: this.#table.readUInt32BE(at), low: this.#table.readUInt32BE(at + 4) };
  }

  #load(block: number): Buffer {
    if (block === this.#read) return this.#block;
    const from = block * BLOCK_BYTES;
    const records = Buffer.alloc(Math.min(BLOCK_BYTES, this.#bytes - from));
    const offset = HEADER_BYTES + this.#table.length + from;
    const isWhole = readFully(this.#fd, records, offset) === records.length;
    if (!isWhole || crc32(records) !== this.#table.readUInt32BE(block * TABLE_ENTRY_BYTES + 8))
      throw new IndexFault(`block ${block} is not as it was written`);
    this.#read = block;
    this.#block = records;
    return records;
  }
}

const endIn = (header: Buffer): DirectoryEnd => ({
  entries: Number(header.readBigUInt64BE(8)),
  directoryOffset: Number(header.readBigUInt64BE(40)),
  directoryBytes: Number(header.readBigUInt64BE(48)),
  comment: '',
  baseOffset: 0,
});

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
