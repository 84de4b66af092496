import { setTimeout as delay } from 'node:timers/promises';
import type { BytePath } from '../../shared/fs/byte-path.ts';
import { Hand, type Shared } from './hand.ts';
import type { Random } from './random.ts';
import { KINDS } from './writers/kinds.ts';

const WRITERS = 5;
const LONGEST_PAUSE_MS = 120;

/** Writers that work at the same time, each through its own seeded sequence of pieces. */
export class Fleet implements AsyncDisposable {
  readonly #shared: Shared;
  readonly #inputs: readonly BytePath[];
  readonly #randoms: readonly Random[];
  readonly #counts = new Map<string, number>();
  #power = new AbortController();
  #anchored = new AbortController();
  #sailing: Promise<void>[] = [];
  readonly #failure = Promise.withResolvers<never>();

  constructor(shared: Shared, random: Random, inputs: readonly BytePath[]) {
    this.#shared = shared;
    this.#inputs = inputs;
    this.#randoms = Array.from({ length: WRITERS }, (_, n) => random.fork(`writer ${n}`));
  }

  /** How often each kind of writer came to its end. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Rejects when a writer could not do what it wanted; resolves never. */
  get failure(): Promise<never> {
    return this.#failure.promise;
  }

  set(): void {
    this.#power = new AbortController();
    this.#anchored = new AbortController();
    this.#sailing = this.#randoms.map((random) => this.#sail(random));
    // Awaited when they are called back.
    for (const sailing of this.#sailing) sailing.catch(this.#failure.reject);
  }

  /** Lets everybody finish the piece in hand. @throws what a writer could not do */
  async callBack(): Promise<void> {
    this.#anchored.abort();
    await Promise.all(this.#sailing);
  }

  /** Everybody drops what is in hand, at once: to be called in the same breath as the power is cut. */
  async sink(): Promise<void> {
    this.#power.abort();
    await this.callBack();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#power.abort();
    this.#anchored.abort();
    await Promise.allSettled(this.#sailing);
  }

  async #sail(random: Random): Promise<void> {
    const power = this.#power.signal;
    const anchored = this.#anchored.signal;
    while (!anchored.aborted) {
      const kind = random.weighted(KINDS);
      const hand = new Hand(
        this.#shared,
        random.fork(`${random.fraction()}`),
        random.pick(this.#inputs),
        power,
      );
      try {
        await kind.write(hand);
        this.#counts.set(kind.name, (this.#counts.get(kind.name) ?? 0) + 1);
        await delay(random.whole(0, LONGEST_PAUSE_MS), undefined, { signal: power });
      } catch (error) {
        // Without power every call fails; with power none may.
        if (!power.aborted) throw new Error(`the ${kind.name} writer failed`, { cause: error });
      }
    }
  }
}
