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
};

export type Rates = {
  filesPerSecond: number;
  bytesPerSecond: number;
  uploadsPerSecond: number;
  uploadBytesPerSecond: number;
};

export const NO_RATES: Rates = {
  filesPerSecond: 0,
  bytesPerSecond: 0,
  uploadsPerSecond: 0,
  uploadBytesPerSecond: 0,
};

const NOTHING: Totals = { files: 0, bytes: 0, duplicates: 0, failed: 0, uploaded: 0, uploadedBytes: 0 };

/** Sums up progress, and says how fast it is: since any earlier moment by `mark`. */
export class Meter {
  readonly #clock: Clock;
  #totals = NOTHING;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(delta: Totals): void {
    const { files, bytes, duplicates, failed, uploaded, uploadedBytes } = this.#totals;
    this.#totals = {
      files: files + delta.files,
      bytes: bytes + delta.bytes,
      duplicates: duplicates + delta.duplicates,
      failed: failed + delta.failed,
      uploaded: uploaded + delta.uploaded,
      uploadedBytes: uploadedBytes + delta.uploadedBytes,
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
      };
    };
  }
}
