import { closeSync } from 'node:fs';
import type { BytePath } from '../../fs/byte-path.ts';
import type { Audit, PlainCsv } from '../contract.ts';
import { readTrouble } from './faults.ts';
import { linesAt, linesOf, type Text } from './lines.ts';

export type PlainFileParts = {
  /** Of the file, for a person. */
  path: BytePath;
  text: Text;
  sizeBytes: number;
  audit: Audit;
  firstRecord: string[];
  /** The line of record 1, and the offset behind it. */
  first: { line: number; end: number };
  /** What is to be added to the lines of the text behind its first record for those of the file. */
  missingLines: number;
};

/** A CSV file behind a descriptor. */
export class PlainFile implements PlainCsv {
  readonly fd: number;
  readonly readPath: string;
  readonly sizeBytes: number;
  readonly audit: Audit;
  readonly firstRecord: string[];
  readonly #path: BytePath;
  readonly #text: Text;
  readonly #first: PlainFileParts['first'];
  readonly #missingLines: number;
  #isClosed = false;

  constructor({ path, text, sizeBytes, audit, firstRecord, first, missingLines }: PlainFileParts) {
    this.fd = text.fd;
    this.readPath = `/proc/self/fd/${text.fd}`;
    this.sizeBytes = sizeBytes;
    this.audit = audit;
    this.firstRecord = firstRecord;
    this.#path = path;
    this.#text = text;
    this.#first = first;
    this.#missingLines = missingLines;
  }

  /** @throws EnvironmentError `load.read` */
  linesOf(records: readonly number[]): number[] {
    if (this.audit.isRegular) return [...records];
    const lines = this.#read(() => linesOf(this.#text, records));
    return lines.map((line, index) => (records[index] === 1 ? this.#first.line : line + this.#missingLines));
  }

  /** @throws EnvironmentError `load.read` */
  linesAt(offsets: readonly number[]): number[] {
    // DuckDB tells as the place of a record that of the blank lines before it, and behind a CRLF that of its LF.
    const lines = this.#read(() => linesAt(this.#text, offsets, { skipsLineEnds: true }));
    const isInFirst = (offset: number): boolean => this.#missingLines > 0 && offset < this.#first.end;
    return lines.map((line, index) =>
      isInFirst(offsets[index] as number) ? this.#first.line : line + this.#missingLines,
    );
  }

  #read(lines: () => number[]): number[] {
    try {
      return lines();
    } catch (error) {
      throw readTrouble(this.#path, error);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#text.fd);
  }
}
