import type { Clock } from '../../shared/clock.ts';

/** The clocks of this machine, until a test turns them. */
export class TurnableClock implements Clock {
  #wallOffsetMs = 0;
  #monotonicOffsetMs = 0;

  nowMs(): number {
    return Date.now() + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return performance.now() + this.#monotonicOffsetMs;
  }

  /** Time goes by, as while a process is stopped. */
  forward(ms: number): void {
    this.set(ms);
    this.#monotonicOffsetMs += ms;
  }

  /** Somebody sets the wall clock. */
  set(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }
}
