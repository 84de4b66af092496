import type { Clock } from '../clock.ts';

/** How much was done. */
export type Totals = {
  /** Taken into custody. */
  files: number;
  bytes: number;
  duplicates: number;
  failed: number;
  uploaded: number;
  uploadedBytes: number;
  /** Into tables; the rows of them that are there, and those that are not. */
  loadedFiles: number;
  loadedRows: number;
  rejectedRows: number;
  /** Published in archives. */
  archivedFiles: number;
  archivedBytes: number;
};

export type Rates = {
  filesPerSecond: number;
  bytesPerSecond: number;
  uploadsPerSecond: number;
  uploadBytesPerSecond: number;
  /** Files and rows that were loaded into tables. */
  loadsPerSecond: number;
  rowsPerSecond: number;
  /** Files that were published in archives. */
  archivedPerSecond: number;
};

export const NO_RATES: Rates = {
  filesPerSecond: 0,
  bytesPerSecond: 0,
  uploadsPerSecond: 0,
  uploadBytesPerSecond: 0,
  loadsPerSecond: 0,
  rowsPerSecond: 0,
  archivedPerSecond: 0,
};

const NOTHING: Totals = {
  files: 0,
  bytes: 0,
  duplicates: 0,
  failed: 0,
  uploaded: 0,
  uploadedBytes: 0,
  loadedFiles: 0,
  loadedRows: 0,
  rejectedRows: 0,
  archivedFiles: 0,
  archivedBytes: 0,
};

/** Sums up progress, and says how fast it is: since any earlier moment by `mark`. */
export class Meter {
  readonly #clock: Clock;
  #totals = NOTHING;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(delta: Totals): void {
    const before = this.#totals;
    this.#totals = {
      files: before.files + delta.files,
      bytes: before.bytes + delta.bytes,
      duplicates: before.duplicates + delta.duplicates,
      failed: before.failed + delta.failed,
      uploaded: before.uploaded + delta.uploaded,
      uploadedBytes: before.uploadedBytes + delta.uploadedBytes,
      loadedFiles: before.loadedFiles + delta.loadedFiles,
      loadedRows: before.loadedRows + delta.loadedRows,
      rejectedRows: before.rejectedRows + delta.rejectedRows,
      archivedFiles: before.archivedFiles + delta.archivedFiles,
      archivedBytes: before.archivedBytes + delta.archivedBytes,
    };
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** Begins to measure; the function that comes back says the rates since then. */
  mark(): () => Rates {
    const start = this.#totals;
    const startMs = this.#clock.monotonicMs();
    return () => {
      const seconds = (this.#clock.monotonicMs() - startMs) / 1000;
      if (seconds <= 0) return NO_RATES;
      const rateOf = (key: keyof Totals) => (this.#totals[key] - start[key]) / seconds;
      return {
        filesPerSecond: rateOf('files'),
        bytesPerSecond: rateOf('bytes'),
        uploadsPerSecond: rateOf('uploaded'),
        uploadBytesPerSecond: rateOf('uploadedBytes'),
        loadsPerSecond: rateOf('loadedFiles'),
        rowsPerSecond: rateOf('loadedRows'),
        archivedPerSecond: rateOf('archivedFiles'),
      };
    };
  }
}
