import type { Clock } from '../../../../shared/clock.ts';

/** Why a base is not done with yet: somebody else is collecting it at this moment, or somebody else collects it when he likes. */
export type Delay = 'held' | 'elsewhere';

/** Who collects a base is mostly done in a moment, … */
const HELD_MS = 500;
const HELD_JITTER_MS = 1_500;
/** … and where he is not, in no hurry: a lease whose holder has died, too, ends before this. `--once` leaves it to a later run then. */
const LONG_HELD_MS = 90_000;
const SELDOM_MS = 30_000;

const ELSEWHERE_MS = 5_000;
const LONGEST_MS = 60_000;

/** How long each base is waited for. */
export class Patience {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #waiting = new Map<string, { sinceMs: number; times: number }>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** @returns after how long to look again, and whether this is the first time that it is worth a word */
  wait(base: string, delay: Delay): { waitMs: number; isNews: boolean } {
    const nowMs = this.#clock.monotonicMs();
    const { sinceMs, times } = this.#waiting.get(base) ?? { sinceMs: nowMs, times: 0 };
    this.#waiting.set(base, { sinceMs, times: times + 1 });
    if (delay === 'elsewhere')
      return { waitMs: Math.min(LONGEST_MS, ELSEWHERE_MS * 2 ** Math.min(times, 10)), isNews: false };
    if (nowMs - sinceMs >= LONG_HELD_MS)
      return { waitMs: SELDOM_MS, isNews: nowMs - sinceMs < LONG_HELD_MS + SELDOM_MS };
    return { waitMs: Math.ceil(HELD_MS + this.#random() * HELD_JITTER_MS), isNews: false };
  }

  done(base: string): void {
    this.#waiting.delete(base);
  }
}
