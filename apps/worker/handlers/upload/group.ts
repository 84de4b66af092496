/** What is done is waited for by others to be recorded with, but not longer than this; the last of a batch is not held up by it. */
const LONGEST_MS = 250;
const MOST = 128;

/** Gathers items that are done at different times, so that some are finished together. */
export class Group<T> {
  readonly #finish: (items: readonly T[]) => void;
  #items: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  #failure: { error: unknown } | undefined;

  constructor(finish: (items: readonly T[]) => void) {
    this.#finish = finish;
  }

  /** @throws what finishing items threw, now or before */
  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length >= MOST) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), LONGEST_MS);
    this.#rethrow();
  }

  /** Finishes what is left. @throws as `add` */
  end(): void {
    this.#flush();
    this.#rethrow();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = this.#items;
    this.#items = [];
    if (items.length === 0 || this.#failure !== undefined) return;
    try {
      this.#finish(items);
    } catch (error) {
      this.#failure = { error };
    }
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
