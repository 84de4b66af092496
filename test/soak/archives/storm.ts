import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { calamitiesFor, type Scene } from './calamities.ts';

const LONGEST_CALM_MS = 1500;

/** Calamities one after the other, some while others last, until it is told to stop. */
export class Storm {
  readonly #scene: Scene;
  readonly #random: Random;
  readonly #say: (line: string) => void;
  readonly #lasting = new Set<Promise<void>>();
  /** How often each struck. */
  readonly counts = new Map<string, number>();

  constructor(scene: Scene, random: Random, say: (line: string) => void) {
    this.#scene = scene;
    this.#random = random;
    this.#say = say;
  }

  /** Resolves when all of it is over. */
  async rage(signal: AbortSignal): Promise<void> {
    const possible = calamitiesFor(this.#scene);
    try {
      for (let n = 0; ; n++) {
        await delay(this.#random.whole(0, LONGEST_CALM_MS), undefined, { signal });
        const calamity = this.#random.weighted(possible);
        this.#say(calamity.name);
        this.counts.set(calamity.name, (this.counts.get(calamity.name) ?? 0) + 1);
        if (calamity.needsCalm) await this.#over();
        const struck = await calamity.strike(this.#scene, this.#random.fork(`calamity ${n}`));
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
