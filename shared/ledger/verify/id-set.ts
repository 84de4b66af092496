const PAGE_IDS = 1 << 16;

/** A set of row ids at one bit each, in pages that are made when needed: 5,000,000 ids take 600 KB. */
export class IdSet {
  readonly #pages = new Map<number, Uint8Array>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    const page = this.#pages.get(Math.floor(id / PAGE_IDS));
    const bit = id % PAGE_IDS;
    return page !== undefined && ((page[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  /** @returns whether it was not in the set before */
  add(id: number): boolean {
    if (this.has(id)) return false;
    const number = Math.floor(id / PAGE_IDS);
    const page = this.#pages.get(number) ?? new Uint8Array(PAGE_IDS / 8);
    this.#pages.set(number, page);
    const bit = id % PAGE_IDS;
    page[bit >> 3] = (page[bit >> 3] ?? 0) | (1 << (bit & 7));
    this.#size += 1;
    return true;
  }
}
