import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';

/** Long enough to cost nothing, short against the time between two beats, and for whoever else lives in this process. */
const WORK_MS = 20;

/** Pauses between pieces of synchronous work: without them no beat would be made before the work is done. */
export class Breath {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #lastMs: number;

  /** @param signal throws its reason out of the next pause once it is aborted */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#lastMs = clock.monotonicMs();
  }

  /** True when it is time to `take` one. */
  get isDue(): boolean {
    return this.#clock.monotonicMs() - this.#lastMs >= WORK_MS;
  }

  async take(): Promise<void> {
    this.#signal.throwIfAborted();
    await nextTurn();
    this.#lastMs = this.#clock.monotonicMs();
    this.#signal.throwIfAborted();
  }

  /** Does work that comes in steps, with pauses between them. */
  async through<Result>(steps: Generator<undefined, Result>): Promise<Result> {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      if (this.isDue) await this.take();
    }
  }
}
