/** What is said while a soak lasts, with its time. */
export class Log {
  readonly #startedAt = performance.now();
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Since it began, in whole ones. */
  get seconds(): number {
    return Math.round((performance.now() - this.#startedAt) / 1000);
  }

  say = (line: string): void => this.#say(`${this.seconds} s: ${line}`);
}
