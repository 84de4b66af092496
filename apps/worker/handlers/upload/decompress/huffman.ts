import type { BitReader } from './bit-reader.ts';
import { DecompressionError } from './error.ts';

const MAX_BITS = 20;
/** Codes up to this length are found by one look: nearly all of them. */
const QUICK_BITS = 10;

/** A canonical prefix code as bzip2 has it: codes of 1 to 20 bits, shorter ones first. */
export class PrefixCode {
  /** By the next `QUICK_BITS` bits: the symbol times 32 plus the length; 0 where the code is longer. */
  readonly #quick = new Uint16Array(1 << QUICK_BITS);
  /** For each length: the first code that is longer than it, with `MAX_BITS` bits. */
  readonly #end = new Uint32Array(MAX_BITS + 1);
  /** For each length: what is to be added to a code of it to have its symbol's place. */
  readonly #offset = new Int32Array(MAX_BITS + 1);
  readonly #symbols: Uint16Array;

  /**
   * @param lengths for each symbol
   * @throws decompress.corrupt where there are more codes than fit
   */
  constructor(lengths: Uint8Array) {
    this.#symbols = new Uint16Array(lengths.length);
    let code = 0;
    let place = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      this.#offset[length] = place - code;
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== length) continue;
        if (code >= 1 << length) throw new DecompressionError('corrupt', 'bzip2', 'a code has no room');
        this.#symbols[place++] = symbol;
        if (length <= QUICK_BITS) {
          const from = code << (QUICK_BITS - length);
          this.#quick.fill((symbol << 5) | length, from, from + (1 << (QUICK_BITS - length)));
        }
        code++;
      }
      this.#end[length] = code << (MAX_BITS - length);
      code <<= 1;
    }
  }

  /** The next symbol. */
  read(bits: BitReader): number {
    const quick = this.#quick[bits.peek(QUICK_BITS)] as number;
    if (quick !== 0) {
      bits.skip(quick & 31);
      return quick >>> 5;
    }
    const next = bits.peek(MAX_BITS);
    for (let length = QUICK_BITS + 1; length <= MAX_BITS; length++) {
      if (next >= (this.#end[length] as number)) continue;
      bits.skip(length);
      return this.#symbols[(next >>> (MAX_BITS - length)) + (this.#offset[length] as number)] as number;
    }
    throw new DecompressionError('corrupt', 'bzip2', 'a code does not exist');
  }
}
