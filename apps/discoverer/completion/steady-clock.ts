import type { Clock } from '../../../shared/clock.ts';

/** A moment, and how far back the wall clock may be believed. */
export type Moment = {
  nowMs: number;
  /** Since when the wall clock has not jumped, as far as this process saw; Infinity where it never did. */
  steadyMs: number;
};

/** More than any slewing does between two reads, less than anybody waits for a file to be stable. */
const JUMP_MS = 200;

/**
 * The wall clock, watched by the one that never jumps. After it was set forward, every ctime looks older than it is: for as long as a
 * file has to be stable, age says nothing then. (Set back, it shows by itself: ctimes lie in the future.)
 */
export class SteadyClock {
  readonly #clock: Clock;
  #offsetMs: number;
  #jumpedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.nowMs() - clock.monotonicMs();
  }

  read(): Moment {
    const nowMs = this.#clock.nowMs();
    const monotonicMs = this.#clock.monotonicMs();
    const offsetMs = nowMs - monotonicMs;
    if (offsetMs - this.#offsetMs > JUMP_MS) this.#jumpedAtMs = monotonicMs;
    this.#offsetMs = offsetMs;
    return { nowMs, steadyMs: monotonicMs - this.#jumpedAtMs };
  }
}
