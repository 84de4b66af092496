import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { QueueStats } from '../../shared/queue/inspect/stats.ts';

/** A reading may take this part of the time between readings: counting a million jobs is not free. */
const SHARE = 0.05;
const FRESH_MS = 900;

/** The statistics of the state file, read no more often than is cheap, and without ever failing. */
export class StatsSource {
  readonly #read: () => QueueStats;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #latest: QueueStats | undefined;
  #nextAtMs = 0;
  #refused = false;

  constructor(read: () => QueueStats, clock: Clock, logger: Logger) {
    this.#read = read;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** What the state file held a moment ago; what it held when it could last be read, while it cannot. */
  latest(): QueueStats | undefined {
    const startMs = this.#clock.monotonicMs();
    if (startMs < this.#nextAtMs) return this.#latest;
    try {
      this.#latest = this.#read();
      this.#refused = false;
    } catch (error) {
      // Metrics are not worth more than a word: the children meet the same trouble and say what it is.
      if (!this.#refused) this.#logger.warn({ event: 'metrics.refused', err: error });
      this.#refused = true;
    }
    const endMs = this.#clock.monotonicMs();
    this.#nextAtMs = endMs + Math.max(FRESH_MS, (endMs - startMs) / SHARE);
    return this.#latest;
  }

  /** Makes the next `latest` read anew. */
  expire(): void {
    this.#nextAtMs = 0;
  }

  /** Read now. Throws what the state file throws. */
  now(): QueueStats {
    this.#latest = this.#read();
    return this.#latest;
  }
}
