export type BackoffTimes = {
  firstMs: number;
  maxMs: number;
  /** A run at least this long makes the next delay the first one again. */
  healthyMs: number;
};

export const BACKOFF: BackoffTimes = { firstMs: 250, maxMs: 30_000, healthyMs: 60_000 };

/** How long to wait before a child is started again: doubling from death to death, so that a child that cannot live costs little. */
export class RestartBackoff {
  readonly #times: BackoffTimes;
  #deaths = 0;

  constructor(times: BackoffTimes = BACKOFF) {
    this.#times = times;
  }

  /** The delay after a death that ended a run of `ranMs`. */
  nextMs(ranMs: number): number {
    if (ranMs >= this.#times.healthyMs) this.#deaths = 0;
    return Math.min(this.#times.maxMs, this.#times.firstMs * 2 ** this.#deaths++);
  }
}
