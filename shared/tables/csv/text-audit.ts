import type { Dialect } from '../contract.ts';
import { ColumnShapes } from './column-shapes.ts';
import { TextFault } from './faults.ts';
import { HEAD_BYTES, isGzip, PACKED_HINT, packedFormat } from './packed.ts';
import { RecordScanner } from './record-scanner.ts';
import { Utf8Check } from './utf8-check.ts';

/**
 * DuckDB reads pieces of 8 MiB in parallel, and where a quoted cell with line ends is longer than that it takes its lines for rows. Above 2 MiB
 * it refuses a row by itself.
 */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** What a text is; offsets are of the text, a byte order mark included. */
export type TextFacts = {
  scanner: RecordScanner;
  /** Where the records begin: behind a byte order mark. */
  start: number;
  /** Of the first record that is not blank, without its line end. */
  first: { start: number; end: number; bytes: Buffer };
  /** Of what follows the first record. */
  shapes: ColumnShapes;
};

/**
 * Looks at every byte of a text in UTF-8, chunk by chunk, which may be cut anywhere.
 *
 * @throws TextFault `load.empty`, `load.nul`, `load.encoding`, `load.quote`, `load.record`, `load.packed`
 */
export class TextAudit {
  readonly #scanner: RecordScanner;
  readonly #shapes: ColumnShapes;
  readonly #utf8 = new Utf8Check();
  /** The first bytes, until there are enough of them to tell what begins so. */
  #head: Buffer | undefined = Buffer.alloc(0);
  #start = 0;
  #scannedBytes = 0;
  /** The first record's bytes as far as they came in earlier chunks, and the offset of the first of them. */
  #parts: Buffer[] = [];
  #partsStart = 0;
  #first: Buffer | undefined;

  constructor(dialect: Dialect, nulls: readonly string[] = []) {
    this.#scanner = new RecordScanner(dialect);
    this.#shapes = new ColumnShapes(dialect.delimiter, dialect.quote, nulls);
  }

  push(chunk: Buffer): void {
    if (this.#head === undefined) this.#look(chunk);
    else {
      const head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
      if (head.length >= HEAD_BYTES) this.#begin(head);
      else this.#head = Buffer.from(head);
    }
  }

  finish(): TextFacts {
    if (this.#head !== undefined) this.#begin(this.#head);
    const wrong = this.#utf8.finish();
    if (wrong !== undefined) throw noUtf8(this.#start + wrong);
    const unclosed = this.#scanner.finish();
    if (unclosed !== undefined) throw unclosedQuote(this.#start + unclosed);
    this.#judge();
    const { first } = this.#scanner;
    if (first === undefined)
      throw new TextFault('load.empty', 0, () =>
        this.#scannedBytes === 0 ? 'it is empty' : 'it has only blank lines',
      );
    const bytes = this.#first ?? this.#cutFirst(first, Buffer.alloc(0));
    const start = this.#start;
    return {
      scanner: this.#scanner,
      start,
      first: { start: start + first.start, end: start + first.end, bytes },
      shapes: this.#shapes,
    };
  }

  #begin(head: Buffer): void {
    this.#head = undefined;
    const packed = isGzip(head) ? 'gzip in gzip' : packedFormat(head);
    if (packed !== undefined) throw packedFault(packed);
    const mark = head.length >= 2 ? head.readUInt16BE(0) : 0;
    if (mark === 0xfffe || mark === 0xfeff)
      throw new TextFault(
        'load.encoding',
        0,
        () => 'it is UTF-16, by its byte order mark',
        'set `encoding: utf-16` for the sink',
      );
    this.#start = head.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
    this.#look(head.subarray(this.#start));
  }

  #look(chunk: Buffer): void {
    const nul = chunk.indexOf(0);
    if (nul >= 0)
      throw new TextFault(
        'load.nul',
        this.#start + this.#scannedBytes + nul,
        (line) => `line ${line} has a NUL byte, which no text has`,
        'send it as text; if it is UTF-16 without a byte order mark, set `encoding: utf-16` for the sink',
      );
    const wrong = this.#utf8.push(chunk);
    if (wrong !== undefined) throw noUtf8(this.#start + wrong);
    this.#scanner.push(chunk);
    const { first } = this.#scanner;
    if (first !== undefined) this.#shapes.push(chunk, Math.max(0, first.end - this.#scannedBytes));
    this.#keepFirst(chunk);
    this.#scannedBytes += chunk.length;
    this.#judge();
  }

  #keepFirst(chunk: Buffer): void {
    if (this.#first !== undefined) return;
    const { first, recordStart } = this.#scanner;
    if (first !== undefined) {
      this.#first = this.#cutFirst(first, chunk);
      this.#parts = [];
      return;
    }
    // What came before is of blank lines.
    if (recordStart >= this.#scannedBytes) {
      this.#parts = [];
      this.#partsStart = recordStart;
    }
    this.#parts.push(Buffer.from(chunk.subarray(Math.max(0, recordStart - this.#scannedBytes))));
  }

  #cutFirst({ start, end }: { start: number; end: number }, chunk: Buffer): Buffer {
    const isWhole = this.#parts.length === 0;
    const bytes = isWhole ? chunk : Buffer.concat([...this.#parts, chunk]);
    const from = isWhole ? this.#scannedBytes : this.#partsStart;
    return Buffer.from(bytes.subarray(start - from, end - from));
  }

  #judge(): void {
    const { tangledAt, longest, recordStart, isInQuotes } = this.#scanner;
    if (tangledAt !== undefined)
      throw new TextFault(
        'load.quote',
        this.#start + tangledAt,
        (line) => `line ${line} has quotes where none may be`,
        QUOTE_HINT,
      );
    if (this.#scannedBytes - recordStart > MAX_RECORD_BYTES)
      throw isInQuotes ? unclosedQuote(this.#start + recordStart) : tooLong(this.#start + recordStart);
    if (longest.bytes > MAX_RECORD_BYTES) throw tooLong(this.#start + longest.start);
  }
}

export const QUOTE_HINT = 'a quote in a quoted cell must be doubled';

const unclosedQuote = (offset: number): TextFault =>
  new TextFault(
    'load.quote',
    offset,
    (line) => `a quote in the record that begins in line ${line} is not closed`,
    QUOTE_HINT,
  );

const tooLong = (offset: number): TextFault =>
  new TextFault(
    'load.record',
    offset,
    (line) => `the record that begins in line ${line} has more than 4 MiB`,
    'look whether a quote is missing, or the line ends',
  );

const noUtf8 = (offset: number): TextFault =>
  new TextFault(
    'load.encoding',
    offset,
    (line) => `line ${line} is not UTF-8`,
    'if it is ISO 8859-1, set `encoding: latin-1` for the sink',
  );

const packedFault = (format: string): TextFault =>
  new TextFault('load.packed', 0, () => `it is no text, but ${format}`, PACKED_HINT);
