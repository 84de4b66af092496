import type { BytePath } from '../../../shared/fs/byte-path.ts';
import type { Occasion } from '../completion/completion.ts';

/** A name that an event told of, and whose route it belongs to. */
export type Named<Owner> = { owner: Owner; occasion: Occasion };

/** Names that events told of and that are still to be judged, each once. Memory is bounded: whoever adds more is told that there is no room. */
export class PendingNames<Owner> {
  readonly #mostNames: number;
  readonly #now = new Map<BytePath, Named<Owner>>();
  readonly #later = new Map<BytePath, Named<Owner> & { atMs: number }>();

  constructor(mostNames: number) {
    this.#mostNames = mostNames;
  }

  get size(): number {
    return this.#now.size;
  }

  /** That its writer closed it is not forgotten for another event. @returns false, and forgets all, where there is no room */
  add(path: BytePath, named: Named<Owner>): boolean {
    if (this.#now.get(path)?.occasion === 'closed') return true;
    if (this.#now.size + this.#later.size >= this.#mostNames) {
      this.clear();
      return false;
    }
    this.#now.set(path, named);
    return true;
  }

  /** To be judged at `atMs`, which is no sooner than that of any name before. Without room it is left to the next scan. */
  postpone(path: BytePath, named: Named<Owner>, atMs: number): void {
    if (this.#now.size + this.#later.size < this.#mostNames) this.#later.set(path, { ...named, atMs });
  }

  /** The time of those that were postponed until `nowMs` has come. */
  resume(nowMs: number): void {
    for (const [path, { atMs, ...named }] of this.#later) {
      if (atMs > nowMs) return;
      this.#later.delete(path);
      this.add(path, named);
    }
  }

  /** Takes out up to `most` of them. */
  *take(most: number): Generator<[BytePath, Named<Owner>]> {
    let left = most;
    for (const entry of this.#now) {
      if (left === 0) return;
      left -= 1;
      this.#now.delete(entry[0]);
      yield entry;
    }
  }

  clear(): void {
    this.#now.clear();
    this.#later.clear();
  }
}
