/** Has so much work done at a time, and the rest in the order in which it came. */
export class Turns {
  #free: number;
  #waiting: (() => void)[] = [];
  #next = 0;

  constructor(atATime: number) {
    this.#free = atATime;
  }

  /** Settles as `work` does. */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #passOn(): void {
    const next = this.#waiting[this.#next];
    if (next === undefined) {
      this.#waiting = [];
      this.#next = 0;
      this.#free += 1;
      return;
    }
    // Taking it out would move all that wait behind it.
    this.#next += 1;
    next();
  }
}
