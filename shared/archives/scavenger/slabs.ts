/** A few small ones cost little, many of them few pieces. */
const LEAST_BYTES = 4 * 1024;
const MOST_BYTES = 256 * 1024;

/**
 * Byte strings that are kept one behind the other, in pieces of memory of their own, and found again by their place. A hundred thousand of
 * them are some dozens of objects: as an object each, which lives too long to be collected young, they would fill the heap with what is
 * dead and not yet looked at.
 */
export class Slabs {
  readonly #slabs: Buffer[] = [];
  readonly #spare: Buffer[] = [];
  #free: Buffer = Buffer.alloc(0);
  #sizeBytes = 0;

  /** Of all that is kept. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Makes room, to be written by whoever asks.
   *
   * @param bytes one at least
   * @returns their place, a whole number
   */
  reserve(bytes: number): number {
    if (bytes > this.#free.length) this.#begin(bytes);
    const slab = this.#slabs.length - 1;
    const offset = (this.#slabs[slab]?.length ?? 0) - this.#free.length;
    this.#free = this.#free.subarray(bytes);
    this.#sizeBytes += bytes;
    return slab * MOST_BYTES + offset;
  }

  /**
   * Keeps a copy.
   *
   * @param bytes one at least
   * @returns their place
   */
  keep(bytes: Buffer): number {
    const place = this.reserve(bytes.length);
    bytes.copy(this.at(place, bytes.length));
    return place;
  }

  /** What stands at a place: not a copy. */
  at(place: number, bytes: number): Buffer {
    const slab = this.#slabs[Math.floor(place / MOST_BYTES)];
    if (slab === undefined) throw new Error('nothing was kept at this place');
    const offset = place % MOST_BYTES;
    return slab.subarray(offset, offset + bytes);
  }

  /** All of it, in its order. */
  *pieces(): Generator<Buffer> {
    for (const [index, slab] of this.#slabs.entries()) {
      const isLast = index === this.#slabs.length - 1;
      yield isLast ? slab.subarray(0, slab.length - this.#free.length) : slab;
    }
  }

  /** Keeps nothing any more but the memory, for what is kept next: let go of, it would wait for V8 to look for it. */
  clear(): void {
    for (const slab of this.#slabs)
      if (slab.buffer.byteLength === MOST_BYTES) this.#spare.push(Buffer.from(slab.buffer));
    this.#slabs.length = 0;
    this.#free = Buffer.alloc(0);
    this.#sizeBytes = 0;
  }

  #begin(bytes: number): void {
    const last = this.#slabs.length - 1;
    const before = this.#slabs[last];
    // Only what is filled of it counts from now on.
    if (before !== undefined) this.#slabs[last] = before.subarray(0, before.length - this.#free.length);
    const usual = Math.min(MOST_BYTES, LEAST_BYTES * 2 ** this.#slabs.length);
    const spare = bytes <= MOST_BYTES ? this.#spare.pop() : undefined;
    this.#free = spare ?? Buffer.allocUnsafeSlow(Math.max(usual, bytes));
    this.#slabs.push(this.#free);
  }
}
