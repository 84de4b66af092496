import { Bell } from '../watch/bell.ts';

/** Waits until something is due, and no longer when something is found that is due sooner. */
export class DueTimer {
  readonly #bell = new Bell();
  #wakesAtMs = Number.POSITIVE_INFINITY;

  /** A candidate is to be looked at again at this moment. */
  consider(dueMs: number): void {
    if (dueMs < this.#wakesAtMs) this.#bell.ring();
  }

  /** Resolves after `waitMs`, sooner where needed, or when `signal` aborts. */
  async wait(nowMs: number, waitMs: number, signal: AbortSignal): Promise<void> {
    this.#wakesAtMs = nowMs + waitMs;
    await this.#bell.wait(waitMs, signal);
    // Whatever is found until the next wait is seen before it.
    this.#wakesAtMs = Number.NEGATIVE_INFINITY;
  }
}
