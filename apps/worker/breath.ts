import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';

/** Long enough to cost nothing, short against a third of any lease. */
const WORK_MS = 20;

/**
 * A pause between two pieces of synchronous work, once enough time has gone by: without one, a batch on a slow disk would renew no lease
 * and hear no stop before its end.
 */
export class Breath {
  readonly #clock: Clock;
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.monotonicMs();
  }

  isDue(): boolean {
    return this.#clock.monotonicMs() - this.#lastMs >= WORK_MS;
  }

  async take(): Promise<void> {
    await nextTurn();
    this.#lastMs = this.#clock.monotonicMs();
  }
}
