/** Of so many characters a number is told by a DOUBLE exactly: whether it has a fraction, and each of its digits. */
const MOST_CHARACTERS = 15;

const SEPARATOR = 0;
const CHARACTER = 1;
const ODD = 2;

/**
 * Whether a text has nothing but short decimal numbers, without exponents, and letters of the words that mean NULL: then whatever DuckDB reads
 * of it as a number is the number that stands there.
 *
 * Says no sooner than needed: for quoted cells their quotes count, and a column of text is no number.
 */
export class PlainNumbers {
  readonly #kinds = new Uint8Array(256).fill(ODD);
  #length = 0;
  isPlain = true;

  constructor(delimiter: string, quote: string, nulls: readonly string[]) {
    for (const character of `0123456789.-${quote}${nulls.join('')}`)
      for (const byte of Buffer.from(character)) this.#kinds[byte] = CHARACTER;
    // Exponents and infinity, though a word that means NULL may have these letters.
    for (const character of 'eEiI') this.#kinds[character.charCodeAt(0)] = ODD;
    for (const character of `${delimiter}\r\n`) this.#kinds[character.charCodeAt(0)] = SEPARATOR;
  }

  push(chunk: Uint8Array, from = 0): void {
    if (!this.isPlain || from >= chunk.length) return;
    const kinds = this.#kinds;
    let found = 0;
    for (let at = from; at < chunk.length; at++) found |= kinds[chunk[at] as number] as number;
    const leading = this.#lengthFrom(chunk, from, 1);
    const isLong = this.#length + leading > MOST_CHARACTERS || this.#hasLong(chunk, from);
    if ((found & ODD) !== 0 || isLong) this.isPlain = false;
    const isAllOne = leading === chunk.length - from;
    this.#length = isAllOne ? this.#length + leading : this.#lengthFrom(chunk, chunk.length - 1, -1);
  }

  /** Whatever is longer than the stride has a byte on it. */
  #hasLong(chunk: Uint8Array, from: number): boolean {
    for (let at = from + MOST_CHARACTERS; at < chunk.length; at += MOST_CHARACTERS + 1) {
      if (this.#kinds[chunk[at] as number] === SEPARATOR) continue;
      const length = this.#lengthFrom(chunk, at, 1) + this.#lengthFrom(chunk, at - 1, -1);
      if (length > MOST_CHARACTERS) return true;
    }
    return false;
  }

  /** Of what stands there up to a separator, in one direction; no further than is of interest. */
  #lengthFrom(chunk: Uint8Array, from: number, step: 1 | -1): number {
    let at = from;
    while (at >= 0 && at < chunk.length && this.#kinds[chunk[at] as number] !== SEPARATOR) {
      at += step;
      if (Math.abs(at - from) > MOST_CHARACTERS) break;
    }
    return Math.abs(at - from);
  }
}
