import { DecompressionError } from './error.ts';

/** Enough for what one block of bzip2 can become at worst: 900,000 symbols of 20 bits, and its tables. */
const MAX_BLOCK_BYTES = 2.5 * 1024 * 1024;

/**
 * The bits of a bzip2 file, the highest of each byte first. Reading is synchronous, for speed: `fill` before each block, and
 * all of the block is there.
 */
export class BitReader {
  readonly #input: AsyncIterator<Buffer>;
  #bytes: Buffer = Buffer.alloc(0);
  #position = 0;
  #isInputOver = false;
  /** The last bits taken from the bytes; those that count are the lowest. */
  #held = 0;
  #heldBits = 0;

  constructor(input: AsyncIterator<Buffer>) {
    this.#input = input;
  }

  /** Makes sure that a whole block is there, or all that is left. Throws as the input does. */
  async fill(): Promise<void> {
    if (this.#isInputOver || this.#bytes.length - this.#position >= MAX_BLOCK_BYTES) return;
    const chunks = [this.#bytes.subarray(this.#position)];
    let there = this.#bytes.length - this.#position;
    // Twice as much as is needed, so that what is left over is not copied for every block.
    while (there < 2 * MAX_BLOCK_BYTES) {
      const { done, value } = await this.#input.next();
      if (done === true) {
        this.#isInputOver = true;
        break;
      }
      chunks.push(value);
      there += value.length;
    }
    this.#bytes = Buffer.concat(chunks, there);
    this.#position = 0;
  }

  /** Whether nothing is left but bits that fill the last byte. After `fill`. */
  get isAtEnd(): boolean {
    return this.#isInputOver && this.#position >= this.#bytes.length && this.#heldBits < 8;
  }

  /** @param bits at most 24 */
  read(bits: number): number {
    if (this.#heldBits < bits) this.#hold(bits);
    this.#heldBits -= bits;
    return (this.#held >>> this.#heldBits) & ((1 << bits) - 1);
  }

  /** The next bits, which stay. */
  peek(bits: number): number {
    if (this.#heldBits < bits) this.#hold(bits);
    return (this.#held >>> (this.#heldBits - bits)) & ((1 << bits) - 1);
  }

  /** @param bits that were peeked at */
  skip(bits: number): void {
    this.#heldBits -= bits;
  }

  read32(): number {
    const high = this.read(16);
    return ((high << 16) | this.read(16)) >>> 0;
  }

  /** To the next byte that begins. */
  align(): void {
    this.#heldBits -= this.#heldBits % 8;
  }

  #hold(bits: number): void {
    while (this.#heldBits < bits) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw this.#ranOut();
      this.#held = (this.#held << 8) | byte;
      this.#heldBits += 8;
    }
  }

  #ranOut(): DecompressionError {
    return this.#isInputOver
      ? new DecompressionError('truncated', 'bzip2', 'the input ends before its content does')
      : new DecompressionError('corrupt', 'bzip2', 'a block is larger than blocks can be');
  }
}
