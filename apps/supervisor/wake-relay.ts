/** Jobs come in batches, and one wake is as good as ten; a person does not notice this long. */
const GATHER_MS = 5;

/** Passes wakes on, many at once as one. */
export class WakeRelay {
  readonly #wakeAll: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(wakeAll: () => void) {
    this.#wakeAll = wakeAll;
  }

  wake(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#wakeAll();
    }, GATHER_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
