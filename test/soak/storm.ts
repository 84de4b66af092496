import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from './random.ts';

/** Something that goes wrong. Ends when it is over; one that need not be waited for returns what is still going on as `lasts`. */
export type Calamity<Scene> = {
  name: string;
  weight: number;
  /** It waits for what still lasts: a disk that comes back is neither full, nor are there frozen processes on it. */
  needsCalm?: true;
  strike(scene: Scene, random: Random): Promise<{ lasts: Promise<void> } | undefined>;
};

export type StormOptions<Scene> = {
  scene: Scene;
  /** Those for which all is there that they need. */
  calamities: readonly Calamity<Scene>[];
  longestCalmMs: number;
  random: Random;
  say(line: string): void;
};

/** Calamities one after the other, some while others last. */
export class Storm<Scene> {
  readonly #options: StormOptions<Scene>;
  readonly #lasting = new Set<Promise<void>>();
  /** How often each struck. */
  readonly counts = new Map<string, number>();

  constructor(options: StormOptions<Scene>) {
    this.#options = options;
  }

  /**
   * For so long, or until it is told to stop. Resolves when all of it is over.
   *
   * @param failure rejects when there is no use in going on
   */
  async rage(minutes: number, signal: AbortSignal, failure?: Promise<never>): Promise<void> {
    const calm = new AbortController();
    const ends = AbortSignal.any([signal, calm.signal]);
    const time = delay(minutes * 60_000, undefined, { signal: ends }).catch(() => undefined);
    const raging = this.#rage(calm.signal);
    try {
      await Promise.race([time, raging, ...(failure === undefined ? [] : [failure])]);
    } finally {
      calm.abort();
      await raging;
    }
  }

  async #rage(signal: AbortSignal): Promise<void> {
    const { scene, calamities, longestCalmMs, random, say } = this.#options;
    try {
      for (let n = 0; ; n++) {
        await delay(random.whole(0, longestCalmMs), undefined, { signal });
        const calamity = random.weighted(calamities);
        say(calamity.name);
        this.counts.set(calamity.name, (this.counts.get(calamity.name) ?? 0) + 1);
        if (calamity.needsCalm) await this.#over();
        const struck = await calamity.strike(scene, random.fork(`calamity ${n}`));
        if (struck !== undefined) this.#keep(struck.lasts);
      }
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    } finally {
      await this.#over();
    }
  }

  #keep(lasts: Promise<void>): void {
    this.#lasting.add(lasts);
    lasts.then(
      () => this.#lasting.delete(lasts),
      () => undefined,
    );
  }

  async #over(): Promise<void> {
    await Promise.all(this.#lasting);
  }
}
