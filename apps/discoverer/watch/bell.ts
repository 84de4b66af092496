/** Wakes a loop that waits: rung while nobody waits, it wakes the next wait at once. */
export class Bell {
  #isRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Resolves when it is rung, after `mostMs`, or when `signal` aborts. For one loop at a time. */
  async wait(mostMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#isRung && !signal.aborted && mostMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      const timer = setTimeout(wake, mostMs);
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      this.#wake = undefined;
    }
    this.#isRung = false;
  }
}
