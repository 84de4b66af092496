import type { Clock } from '../clock.ts';

/** How much was done. */
export type Totals = { files: number; bytes: number; duplicates: number; failed: number };

export type Rates = { filesPerSecond: number; bytesPerSecond: number };

const NOTHING: Totals = { files: 0, bytes: 0, duplicates: 0, failed: 0 };

/** Sums up progress, and says how fast it is: since any earlier moment by `mark`. */
export class Meter {
  readonly #clock: Clock;
  #totals = NOTHING;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(delta: Totals): void {
    const { files, bytes, duplicates, failed } = this.#totals;
    this.#totals = {
      files: files + delta.files,
      bytes: bytes + delta.bytes,
      duplicates: duplicates + delta.duplicates,
      failed: failed + delta.failed,
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
      if (seconds <= 0) return { filesPerSecond: 0, bytesPerSecond: 0 };
      return {
        filesPerSecond: (this.#totals.files - start.files) / seconds,
        bytesPerSecond: (this.#totals.bytes - start.bytes) / seconds,
      };
    };
  }
}
