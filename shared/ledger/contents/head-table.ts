const FEWEST_PLACES = 1_024;

/**
 * Row numbers by head, in two arrays of numbers that are used again: a Map of so many keys that come and go leaves several times its
 * size behind for the collector. Open addressing; a head may have several rows.
 */
export class HeadTable {
  #heads = new Float64Array(FEWEST_PLACES);
  /** 0 where a place is free: rows are numbered from 1. */
  #ids = new Float64Array(FEWEST_PLACES);
  #size = 0;

  add(head: number, id: number): void {
    if (2 * this.#size >= this.#ids.length) this.#grow();
    this.#put(head, id);
    this.#size += 1;
  }

  idsOf(head: number): readonly number[] {
    const found: number[] = [];
    for (let at = this.#first(head); this.#ids[at] !== 0; at = this.#next(at)) {
      if (this.#heads[at] === head) found.push(this.#ids[at] ?? 0);
    }
    return found;
  }

  /** All of it, in the order of the heads. */
  *inOrder(): Generator<readonly [head: number, id: number]> {
    const heads = this.#heads.filter((_, at) => this.#ids[at] !== 0).sort();
    for (const [n, head] of heads.entries()) {
      if (head !== heads[n - 1]) for (const id of this.idsOf(head)) yield [head, id];
    }
  }

  /** Keeps its room. */
  clear(): void {
    this.#ids.fill(0);
    this.#size = 0;
  }

  #put(head: number, id: number): void {
    let at = this.#first(head);
    while (this.#ids[at] !== 0) at = this.#next(at);
    this.#heads[at] = head;
    this.#ids[at] = id;
  }

  #grow(): void {
    const [heads, ids] = [this.#heads, this.#ids];
    this.#heads = new Float64Array(2 * heads.length);
    this.#ids = new Float64Array(2 * ids.length);
    for (const [at, id] of ids.entries()) if (id !== 0) this.#put(heads[at] ?? 0, id);
  }

  /** SHA-256 is as good as a hash of it. */
  #first(head: number): number {
    return head % this.#ids.length;
  }

  #next(at: number): number {
    return (at + 1) % this.#ids.length;
  }
}
