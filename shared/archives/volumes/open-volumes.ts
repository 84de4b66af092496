/** What can be opened again when it is needed. */
type Closable = { readonly number: number; close(): void };

/** Whoever reads a volume is done with it long before so many others of its archive were opened. */
const MOST_OPEN = 8;

/**
 * The volumes of one archive that have a descriptor: few, however many volumes it has. The one with the highest number stays open as long as
 * others can go instead, since it is the one that is replaced while it is read.
 */
export class OpenVolumes {
  /** The one that was used last at the end. */
  readonly #open = new Set<Closable>();
  #last: Closable | undefined;

  /** It is open, and was used this moment: another one may be closed for it. */
  use(volume: Closable): void {
    if (volume === this.#last) return;
    this.#last = volume;
    this.#open.delete(volume);
    this.#open.add(volume);
    if (this.#open.size > MOST_OPEN) this.#oldest()?.close();
  }

  /** It has been closed. */
  forget(volume: Closable): void {
    this.#open.delete(volume);
    if (volume === this.#last) this.#last = undefined;
  }

  #oldest(): Closable | undefined {
    const highest = Math.max(...[...this.#open].map(({ number }) => number));
    for (const volume of this.#open) if (volume.number !== highest) return volume;
    return undefined;
  }
}
