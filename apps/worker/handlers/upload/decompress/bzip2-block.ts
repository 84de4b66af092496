import type { BitReader } from './bit-reader.ts';
import { DecompressionError } from './error.ts';
import { PrefixCode } from './huffman.ts';

const GROUP_SYMBOLS = 50;
const RUN_B = 1;

export type Block = {
  /** In its first `bytes` elements: in the lowest byte the content, above it the place of the byte that follows. */
  chain: Uint32Array;
  bytes: number;
  /** Where the place of the first byte stands. */
  origin: number;
};

/**
 * Reads a block, behind its magic and CRC: prefix codes, move-to-front, runs, and the sorting of Burrows and
 * Wheeler, which is what makes the chain. Synchronous: some 50 ms for a full block.
 *
 * @param chain room for as many bytes as a block of the file may have
 * @throws DecompressionError
 */
export function readBlock(bits: BitReader, chain: Uint32Array): Block {
  if (bits.read(1) === 1)
    throw new DecompressionError('unsupported', 'bzip2', 'was made by a version before 0.9.5');
  const origin = bits.read(24);
  const front = readUsedBytes(bits);
  const codes = bits.read(3);
  if (codes < 2 || codes > 6) throw corrupt('a block has no codes');
  const selectors = readSelectors(bits, codes);
  const symbols = front.length + 2;
  const tables = Array.from({ length: codes }, () => new PrefixCode(readLengths(bits, symbols)));
  const bytes = readSymbols(bits, { front, selectors, tables, chain });
  if (origin >= bytes) throw corrupt('a block begins behind its end');
  link(chain, bytes);
  return { chain, bytes, origin };
}

/** The bytes that occur, in order. */
function readUsedBytes(bits: BitReader): Uint8Array {
  const ranges = bits.read(16);
  const used: number[] = [];
  for (let range = 0; range < 16; range++) {
    if ((ranges & (0x8000 >>> range)) === 0) continue;
    const members = bits.read(16);
    for (let member = 0; member < 16; member++)
      if ((members & (0x8000 >>> member)) !== 0) used.push(range * 16 + member);
  }
  if (used.length === 0) throw corrupt('a block has no bytes');
  return Uint8Array.from(used);
}

/** Which code each group of symbols has. */
function readSelectors(bits: BitReader, codes: number): Uint8Array {
  const selectors = new Uint8Array(bits.read(15));
  const front = Array.from({ length: codes }, (_, code) => code);
  for (let group = 0; group < selectors.length; group++) {
    let place = 0;
    while (bits.read(1) === 1) {
      place++;
      if (place >= codes) throw corrupt('a block names a code that it does not have');
    }
    const [code = 0] = front.splice(place, 1);
    front.unshift(code);
    selectors[group] = code;
  }
  return selectors;
}

/** The lengths of one code, each as a difference from the one before. */
function readLengths(bits: BitReader, symbols: number): Uint8Array {
  const lengths = new Uint8Array(symbols);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbols; symbol++) {
    for (;;) {
      if (length < 1 || length > 20) throw corrupt('a code has a length that does not exist');
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return lengths;
}

type Tables = { front: Uint8Array; selectors: Uint8Array; tables: readonly PrefixCode[]; chain: Uint32Array };

/** The bytes of the block as they were sorted, into the chain; how many. */
function readSymbols(bits: BitReader, { front, selectors, tables, chain }: Tables): number {
  const end = front.length + 1;
  let bytes = 0;
  let run = 0;
  let runFactor = 1;
  for (const selector of selectors) {
    const table = tables[selector] as PrefixCode;
    for (let left = GROUP_SYMBOLS; left > 0; left--) {
      const symbol = table.read(bits);
      if (symbol <= RUN_B) {
        run += runFactor << symbol;
        runFactor <<= 1;
        if (run > chain.length) throw tooLong();
        continue;
      }
      if (run > 0) {
        if (bytes + run > chain.length) throw tooLong();
        chain.fill(front[0] as number, bytes, bytes + run);
        bytes += run;
        run = 0;
        runFactor = 1;
      }
      if (symbol === end) return bytes;
      if (bytes >= chain.length) throw tooLong();
      const place = symbol - 1;
      const byte = front[place] as number;
      // A loop, since most places are near: copyWithin costs more than it saves there.
      if (place > 32) front.copyWithin(1, 0, place);
      else for (let at = place; at > 0; at--) front[at] = front[at - 1] as number;
      front[0] = byte;
      chain[bytes++] = byte;
    }
  }
  throw corrupt('a block has no end');
}

/** Puts above each byte the place of its successor: the n-th of a byte's value in sorted order is the n-th in the block. */
function link(chain: Uint32Array, bytes: number): void {
  const next = new Uint32Array(256);
  for (let at = 0; at < bytes; at++) {
    const byte = (chain[at] as number) & 0xff;
    next[byte] = (next[byte] as number) + 1;
  }
  let smaller = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = next[byte] as number;
    next[byte] = smaller;
    smaller += count;
  }
  for (let at = 0; at < bytes; at++) {
    const byte = (chain[at] as number) & 0xff;
    const place = next[byte] as number;
    next[byte] = place + 1;
    chain[place] = (chain[place] as number) | (at << 8);
  }
}

const corrupt = (what: string): DecompressionError => new DecompressionError('corrupt', 'bzip2', what);
const tooLong = (): DecompressionError => corrupt('a block is longer than its file allows');
