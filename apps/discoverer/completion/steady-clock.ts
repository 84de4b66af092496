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
  /** By how much the wall clock is ahead, at the most. */
  #aheadMs = Number.POSITIVE_INFINITY;
  #jumpedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.read();
  }

  read(): Moment {
    // Any time may go by between two of these lines, and is not to look like a jump.
    const beforeMs = this.#clock.monotonicMs();
    const nowMs = this.#clock.nowMs();
    const afterMs = this.#clock.monotonicMs();
    if (nowMs - afterMs - this.#aheadMs > JUMP_MS) this.#jumpedAtMs = afterMs;
    this.#aheadMs = nowMs - beforeMs;
    return { nowMs, steadyMs: afterMs - this.#jumpedAtMs };
  }
}
