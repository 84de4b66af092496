import { closeSync } from 'node:fs';
import type { BytePath } from '../../fs/byte-path.ts';
import { fingerprintOf } from '../../fs/fingerprint.ts';
import { lstatIfSeen } from '../../fs/lstat.ts';
import type { Audit, Piece, PlainCsv } from '../contract.ts';
import { changedFault, readTrouble } from './faults.ts';
import { linesAt, linesAtInTurns, linesOf, recordLines, type Text } from './lines.ts';
import { assertUnchanged, type OpenedFile } from './open-regular.ts';

export type PlainFileParts = {
  fileId: number;
  path: BytePath;
  /** The file itself as it was audited; it may be closed where what is read is a copy. */
  file: OpenedFile;
  text: Text;
  sizeBytes: number;
  audit: Audit;
  firstRecord: string[];
  piece: Piece | undefined;
  /** The line of record 1, and the offset behind it. */
  first: { line: number; end: number };
  /** What is to be added to the lines of the text behind its first record for those of the file. */
  missingLines: number;
};

/** DuckDB tells as the place of a record that of the blank lines before it, and behind a CRLF that of its LF. */
const PLACE = { skipsLineEnds: true };

/** A CSV file behind a descriptor. */
export class PlainFile implements PlainCsv {
  readonly fd: number;
  readonly readPath: string;
  readonly sizeBytes: number;
  readonly audit: Audit;
  readonly firstRecord: string[];
  readonly piece: Piece | undefined;
  readonly #fileId: number;
  readonly #path: BytePath;
  readonly #file: OpenedFile;
  readonly #text: Text;
  readonly #first: PlainFileParts['first'];
  readonly #missingLines: number;
  #isClosed = false;

  constructor(parts: PlainFileParts) {
    const { fileId, path, file, text, sizeBytes, audit, firstRecord, piece, first, missingLines } = parts;
    this.fd = text.fd;
    this.readPath = `/proc/self/fd/${text.fd}`;
    this.sizeBytes = sizeBytes;
    this.audit = audit;
    this.firstRecord = firstRecord;
    this.piece = piece;
    this.#fileId = fileId;
    this.#path = path;
    this.#file = file;
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
  async *recordLines(): AsyncGenerator<number[], void, undefined> {
    let isFirst = true;
    try {
      for await (const lines of recordLines(this.#text, new AbortController().signal)) {
        const own = lines.map((line) => line + this.#missingLines);
        if (isFirst && own.length > 0) {
          own[0] = this.#first.line;
          isFirst = false;
        }
        yield own;
      }
    } catch (error) {
      throw readTrouble(this.#path, error);
    }
  }

  /** @throws EnvironmentError `load.read` */
  linesAt(offsets: readonly number[]): number[] {
    return this.#placed(
      this.#read(() => linesAt(this.#text, offsets, PLACE)),
      offsets,
    );
  }

  /** @throws EnvironmentError `load.read` */
  async linesAtInTurns(offsets: readonly number[]): Promise<number[]> {
    try {
      return this.#placed(await linesAtInTurns(this.#text, offsets, PLACE), offsets);
    } catch (error) {
      throw readTrouble(this.#path, error);
    }
  }

  #placed(lines: readonly number[], offsets: readonly number[]): number[] {
    const isInFirst = (offset: number): boolean => this.#missingLines > 0 && offset < this.#first.end;
    return lines.map((line, index) =>
      isInFirst(offsets[index] as number) ? this.#first.line : line + this.#missingLines,
    );
  }

  assertUnchanged(): void {
    this.#read(() => {
      if (this.fd === this.#file.fd) assertUnchanged(this.#fileId, this.#file);
      else this.#assertOriginalUnchanged();
    });
  }

  /** What is read is a copy, which nobody changes, and its file is not held open: one that is gone by now is none that was changed. */
  #assertOriginalUnchanged(): void {
    const { stats } = this.#file;
    const found = lstatIfSeen(this.#path);
    if (found?.ino !== stats.ino || found.dev !== stats.dev) return;
    if (fingerprintOf(found) !== fingerprintOf(stats))
      throw changedFault(this.#fileId, 'it changed while it was read');
  }

  #read<T>(work: () => T): T {
    try {
      return work();
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
