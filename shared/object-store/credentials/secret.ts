import { inspect } from 'node:util';

const SHOWN = '[secret]';

/**
 * A value that no log, error, dump or template string shows: each of them gets `[secret]`. Only `reveal` gives it away, so that
 * a search for `reveal` finds every place that could leak it. It does not survive being sent to another process or thread.
 */
export class Secret {
  // A private name, not a private property: also an inspection that is told to ignore `inspect.custom` cannot see it.
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
