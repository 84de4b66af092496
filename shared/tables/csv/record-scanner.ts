import type { Dialect } from '../contract.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
/** Of no byte. */
const NONE = -1;

const PLAIN = 0;
const QUOTED = 1;
/** Directly behind a closing quote. */
const CLOSED = 2;
/** Behind spaces that follow one. */
const CLOSED_SPACE = 3;

/** Where line ends outside quotes stand in a chunk: for each its first byte, and the first byte behind it. */
export type LineEnds = number[];

/**
 * Finds the records of a text as DuckDB's reader finds them in strict mode, which differs from RFC 4180 in this:
 *
 * - A quote opens a cell also behind one space, and spaces may follow the closing one.
 * - What else follows a closing quote makes its row a reject. The cell goes on to the next delimiter or line end, as if it had no quotes.
 * - LF, CRLF and CR end a record. A line with nothing on it, not even a space, is blank; whether it is a record depends on the number of columns.
 *
 * `tangledAt` is what DuckDB does not read as anybody means it: a quote behind spaces behind a closing quote, where it joins both without a word;
 * and a second cell in one record with something behind its closing quote, where it rejects another row and takes the rest of this one for a row.
 *
 * Offsets are from the first byte that was pushed. Chunks may be cut anywhere.
 */
export class RecordScanner {
  readonly #delimiter: number;
  readonly #quote: number;
  /** No byte above means anything outside a cell's beginning. */
  readonly #highest: number;
  #state = PLAIN;
  #last = LF;
  #lastButOne = LF;
  #pushedBytes = 0;
  /** The last byte was a CR that ends a record: a LF that follows belongs to it. */
  isCrPending = false;
  #recordStart = 0;
  #ends = 0;
  /** The beginning of the last record that has something behind a closing quote. */
  #garbageRecord = NONE;
  /** Those at once at a line's beginning. */
  blankLines = 0;
  leadingBlankLines = 0;
  /** A record follows a blank line that is not leading. */
  hasInnerBlankLine = false;
  hasQuotedLineEnd = false;
  lineFeeds = 0;
  carriageReturns = 0;
  /** CR and LF together; counted in neither of the others. */
  pairs = 0;
  longest = { start: 0, bytes: 0 };
  /** Of the first record that is not blank, without its line end; undefined until it has ended. */
  first: { start: number; end: number } | undefined;
  tangledAt: number | undefined;
  /** Where first something else follows a closing quote. */
  garbageAt: number | undefined;

  constructor({ delimiter, quote }: Dialect) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#quote = quote === '' ? NONE : quote.charCodeAt(0);
    this.#highest = Math.max(this.#quote, CR);
  }

  /** Records that are not blank. */
  get records(): number {
    return this.#ends - this.blankLines;
  }

  get isInQuotes(): boolean {
    return this.#state === QUOTED;
  }

  /** Of the record that has begun and not ended. */
  get recordStart(): number {
    return this.#recordStart;
  }

  /** @param ends is given the line ends outside quotes; a LF at the beginning of a chunk may belong to a CR at the end of the one before */
  push(chunk: Uint8Array, ends?: LineEnds): void {
    if (chunk.length === 0) return;
    const begin = this.isCrPending ? this.#settleCr(chunk) : 0;
    this.#scan(chunk, begin, ends);
    this.#lastButOne = chunk.length > 1 ? (chunk[chunk.length - 2] as number) : this.#last;
    this.#last = chunk[chunk.length - 1] as number;
    this.#pushedBytes += chunk.length;
  }

  /** Ends the last record. @returns the offset where the record with an unclosed quote begins, if there is one */
  finish(): number | undefined {
    if (this.isCrPending) this.carriageReturns += 1;
    this.isCrPending = false;
    if (this.#state === QUOTED) return this.#recordStart;
    if (this.#pushedBytes > this.#recordStart) this.#endRecord(this.#pushedBytes, this.#pushedBytes);
    return undefined;
  }

  #settleCr(chunk: Uint8Array): number {
    this.isCrPending = false;
    if (chunk[0] !== LF) {
      this.carriageReturns += 1;
      return 0;
    }
    this.pairs += 1;
    this.#recordStart += 1;
    return 1;
  }

  #scan(chunk: Uint8Array, begin: number, ends: LineEnds | undefined): void {
    const quote = this.#quote;
    const delimiter = this.#delimiter;
    const highest = this.#highest;
    const length = chunk.length;
    let state = this.#state;
    let at = begin;
    while (at < length) {
      if (state === PLAIN) {
        let byte = chunk[at] as number;
        while (byte > highest && ++at < length) byte = chunk[at] as number;
        if (at >= length) break;
        if (byte === LF) {
          this.lineFeeds += 1;
          at = this.#endLine(at, at + 1, ends);
        } else if (byte === CR) at = this.#endAtCr(chunk, at, ends);
        else if (byte === quote && this.#opensAt(chunk, at)) {
          state = QUOTED;
          at += 1;
        } else at += 1;
      } else if (state === QUOTED) {
        let byte = chunk[at] as number;
        while (byte > highest && ++at < length) byte = chunk[at] as number;
        if (at >= length) break;
        if (byte === quote) {
          // Nearly always the next cell is quoted as well: that is all of the speed for files that quote every cell.
          if (chunk[at + 1] === delimiter && chunk[at + 2] === quote) at += 2;
          else state = CLOSED;
        } else if (byte === LF || byte === CR) this.hasQuotedLineEnd = true;
        at += 1;
      } else {
        state = this.#behindQuote(state, chunk[at] as number, at);
        if (state !== PLAIN) at += 1;
      }
    }
    this.#state = state;
  }

  /** In `PLAIN` the byte is still to be looked at. */
  #behindQuote(state: number, byte: number, at: number): number {
    if (byte === this.#delimiter) return PLAIN;
    if (byte === this.#quote) {
      if (state === CLOSED_SPACE) this.tangledAt ??= this.#pushedBytes + at;
      return QUOTED;
    }
    if (byte === SPACE) return CLOSED_SPACE;
    if (byte !== LF && byte !== CR) this.#noteGarbage(this.#pushedBytes + at);
    return PLAIN;
  }

  #noteGarbage(offset: number): void {
    this.garbageAt ??= offset;
    if (this.#garbageRecord === this.#recordStart) this.tangledAt ??= offset;
    this.#garbageRecord = this.#recordStart;
  }

  #opensAt(chunk: Uint8Array, at: number): boolean {
    const last = at > 0 ? (chunk[at - 1] as number) : this.#last;
    if (last !== SPACE) return this.#endsCell(last);
    if (this.#delimiter === SPACE) return true;
    return this.#endsCell(at > 1 ? (chunk[at - 2] as number) : at === 1 ? this.#last : this.#lastButOne);
  }

  #endsCell(byte: number): boolean {
    return byte === this.#delimiter || byte === LF || byte === CR;
  }

  #endAtCr(chunk: Uint8Array, at: number, ends: LineEnds | undefined): number {
    if (at + 1 === chunk.length) this.isCrPending = true;
    else if (chunk[at + 1] === LF) {
      this.pairs += 1;
      return this.#endLine(at, at + 2, ends);
    } else this.carriageReturns += 1;
    return this.#endLine(at, at + 1, ends);
  }

  #endLine(at: number, next: number, ends: LineEnds | undefined): number {
    ends?.push(at, next);
    this.#endRecord(this.#pushedBytes + at, this.#pushedBytes + next);
    return next;
  }

  #endRecord(end: number, next: number): void {
    const bytes = end - this.#recordStart;
    this.#ends += 1;
    if (bytes === 0) this.blankLines += 1;
    else {
      if (this.first === undefined) {
        this.first = { start: this.#recordStart, end };
        this.leadingBlankLines = this.blankLines;
      } else if (this.blankLines > this.leadingBlankLines) this.hasInnerBlankLine = true;
      if (bytes > this.longest.bytes) this.longest = { start: this.#recordStart, bytes };
    }
    this.#recordStart = next;
  }
}
