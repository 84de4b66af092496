/** Random choices that follow from a seed alone (mulberry32). Each part of the soak forks its own, so that none disturbs another. */
export class Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#state = seed | 0;
  }

  /** At least 0, below 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** Draws once, also from a list that is empty: what is drawn next does not depend on how long lists are. */
  pickIfAny<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.fraction() * list.length)];
  }

  pick<T>(list: readonly T[]): T {
    const picked = this.pickIfAny(list);
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  /** One of them, as often as its weight says. */
  weighted<T extends { weight: number }>(list: readonly T[]): T {
    let left = this.fraction() * list.reduce((sum, { weight }) => sum + weight, 0);
    for (const one of list) {
      left -= one.weight;
      if (left < 0) return one;
    }
    return this.pick(list);
  }

  /** Another source, which follows from the seed and the name alone, not from what was drawn before. */
  fork(name: string): Random {
    let hash = this.#seed;
    for (const letter of name)
      hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) ^ (hash >>> 13);
    return new Random(hash);
  }
}
