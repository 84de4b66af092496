import type { ColumnShape } from '../contract.ts';
import { isDay, isMoment } from './cell-shapes.ts';

/** Of wider tables nothing is known. */
const MOST_COLUMNS = 1024;

/** What bytes are in a cell, and what ends it; a digit has none of these bits. */
const POINT = 1;
const MINUS = 2;
const OTHER = 4;
const QUOTE = 8;
const END = 16;
const DELIMITER = 48;
const IS_DELIMITER = 5;
/** What ends a cell of nothing stands so much higher among the bits of its column. */
const EMPTY = 2;
/** What a cell of digits, or with a point, does not have. */
const UNUSUAL = MINUS | OTHER | QUOTE;
/** Above these bits stand those of the lengths of all numbers together: no number is longer than that. */
const LENGTH = 8;

/** What is in a column beside numbers. */
const DAY = 1;
const MOMENT = 2;
const TEXT = 4;

const MINUS_BYTE = 0x2d;
const LF = 0x0a;
const CR = 0x0d;

/**
 * What the cells of each column of a text look like, by their bytes; see `ColumnShape`. A word that means NULL looks like nothing.
 *
 * Cells are cut as DuckDB's reader cuts them where quotes stand around whole cells alone; of other texts nothing is known. Chunks may be cut
 * anywhere.
 */
export class ColumnShapes {
  readonly #kinds = new Uint8Array(256).fill(OTHER);
  readonly #quote: number;
  readonly #nulls: readonly Buffer[];
  readonly #foundNulls = new Set<Buffer>();
  readonly #numbers = new Int32Array(MOST_COLUMNS);
  readonly #others = new Uint8Array(MOST_COLUMNS);
  #column = 0;
  #isOdd = false;
  /** The cells behind the last that was looked at. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(delimiter: string, quote: string, nulls: readonly string[]) {
    const kinds = this.#kinds;
    for (const digit of '0123456789') kinds[digit.charCodeAt(0)] = 0;
    kinds['.'.charCodeAt(0)] = POINT;
    kinds[MINUS_BYTE] = MINUS;
    this.#quote = quote === '' ? -1 : quote.charCodeAt(0);
    if (quote !== '') kinds[this.#quote] = QUOTE;
    kinds[LF] = END;
    kinds[CR] = END;
    kinds[delimiter.charCodeAt(0)] = DELIMITER;
    this.#nulls = nulls.map((word) => Buffer.from(word));
  }

  push(chunk: Buffer, from = 0): void {
    if (this.#isOdd || from >= chunk.length) return;
    const more = chunk.subarray(from);
    const bytes = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
    const lineFeed = bytes.lastIndexOf(LF);
    const looked = this.#look(bytes, (lineFeed < 0 ? bytes.lastIndexOf(CR) : lineFeed) + 1);
    this.#rest = Buffer.from(bytes.subarray(looked));
  }

  /** Of so many columns, of which rows may have more; undefined where nothing is known. */
  finish(columns: number): ColumnShape[] | undefined {
    this.push(Buffer.of(LF));
    if (this.#isOdd || this.#rest.length > 0 || columns > MOST_COLUMNS) return undefined;
    return Array.from({ length: columns }, (_, column): ColumnShape => {
      const numbers = this.#numbers[column] as number;
      const others = this.#others[column] as number;
      return {
        digits: numbers >>> LENGTH,
        hasPoints: (numbers & POINT) !== 0,
        hasDays: (others & DAY) !== 0,
        hasMoments: (others & MOMENT) !== 0,
        hasText: (others & TEXT) !== 0,
      };
    });
  }

  /** See `Audit.nullsFound`; of a `finish` that knows the columns, two at least. */
  foundNulls(columns: number): string[] {
    const words = [...this.#foundNulls].map((word) => word.toString());
    // One that is the first and ends a line is no cell, but a blank line, or the second half of a line end.
    const ends = (column: number): number => (column === 0 ? DELIMITER & ~END : DELIMITER) << EMPTY;
    const hasEmpty = this.#numbers
      .subarray(0, columns)
      .some((numbers, column) => (numbers & ends(column)) !== 0);
    return hasEmpty ? ['', ...words] : words;
  }

  /** All cells up to a limit, which is behind a line end. @returns where the next one begins */
  #look(bytes: Buffer, limit: number): number {
    const kinds = this.#kinds;
    const numbers = this.#numbers;
    let column = this.#column;
    let start = 0;
    while (start < limit) {
      let at = start;
      let kind = kinds[bytes[at] as number] as number;
      const first = kind;
      let found = kind;
      while (kind < END) {
        kind = kinds[bytes[++at] as number] as number;
        found |= kind;
      }
      // Branches that nobody can foretell would cost more than all the rest.
      if ((found & UNUSUAL) === 0)
        numbers[column] =
          (numbers[column] as number) | found | ((at - start) << LENGTH) | ((first & DELIMITER) << EMPTY);
      else if ((found & QUOTE) === 0) this.#note(column, bytes, start, at, found);
      else {
        at = this.#quotedEnd(bytes, start);
        if (at === bytes.length || this.#isOdd) break;
        kind = kinds[bytes[at] as number] as number;
        this.#noteQuoted(column, bytes, start + 1, at - 1);
      }
      column = (column + 1) & -(kind >> IS_DELIMITER);
      start = at + 1;
    }
    this.#column = column;
    return start;
  }

  /** Behind the closing quote; the end of the bytes where that, or what follows it, has not come. */
  #quotedEnd(bytes: Buffer, start: number): number {
    this.#isOdd = bytes[start] !== this.#quote;
    for (let at = start + 1; !this.#isOdd; ) {
      const closing = bytes.indexOf(this.#quote, at);
      if (closing < 0 || closing + 1 === bytes.length) return bytes.length;
      const next = bytes[closing + 1] as number;
      if (next !== this.#quote) {
        this.#isOdd = (this.#kinds[next] as number) < END;
        return closing + 1;
      }
      at = closing + 2;
    }
    return start;
  }

  #isNull(bytes: Buffer, start: number, end: number): boolean {
    for (const word of this.#nulls) {
      if (word.length !== end - start) continue;
      let same = 0;
      while (same < word.length && word[same] === bytes[start + same]) same += 1;
      if (same === word.length) {
        this.#foundNulls.add(word);
        return true;
      }
    }
    return false;
  }

  #noteQuoted(column: number, bytes: Buffer, start: number, end: number): void {
    let found = 0;
    for (let at = start; at < end; at++) found |= this.#kinds[bytes[at] as number] as number;
    if (start < end) this.#note(column, bytes, start, end, found < QUOTE ? found : OTHER);
  }

  #note(column: number, bytes: Buffer, start: number, end: number, found: number): void {
    const others = this.#others[column] ?? TEXT;
    if ((others & TEXT) !== 0) return;
    const isNumber = (found & OTHER) === 0 && isSignedOnce(bytes, start, end, found);
    if (isNumber)
      this.#numbers[column] = (this.#numbers[column] as number) | (found & POINT) | ((end - start) << LENGTH);
    else if (isDay(bytes, start, end)) this.#others[column] = others | DAY;
    else if (isMoment(bytes, start, end)) this.#others[column] = others | MOMENT;
    else if (!this.#isNull(bytes, start, end)) this.#others[column] = others | TEXT;
  }
}

function isSignedOnce(bytes: Buffer, start: number, end: number, found: number): boolean {
  if ((found & MINUS) === 0) return true;
  return bytes[start] === MINUS_BYTE && end - start > 1 && bytes.lastIndexOf(MINUS_BYTE, end - 1) === start;
}
