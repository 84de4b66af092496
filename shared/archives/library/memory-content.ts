import type { MemoryBudget } from './memory-budget.ts';

/** When it is written to a second time; most files are written at once. */
const GROWN_BYTES = 4096;

/** The content of an open file as long as it fits into memory. What was never written reads as zeros. */
export class MemoryContent {
  readonly #mostBytes: number;
  readonly #budget: MemoryBudget;
  #buffer = Buffer.alloc(0);
  /** Behind it all is zeros, in the buffer or in thought. */
  #usedBytes = 0;

  constructor(mostBytes: number, budget: MemoryBudget) {
    this.#mostBytes = mostBytes;
    this.#budget = budget;
  }

  /** @returns false, and writes nothing, where it would be too much */
  write(bytes: Buffer, position: number): boolean {
    const end = position + bytes.length;
    if (!this.#reserve(end)) return false;
    if (position > this.#usedBytes) this.#buffer.fill(0, this.#usedBytes, position);
    bytes.copy(this.#buffer, position);
    this.#usedBytes = Math.max(this.#usedBytes, end);
    return true;
  }

  /** A copy, of all `length` bytes. */
  read(length: number, position: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.#buffer.copy(
      bytes,
      0,
      Math.min(position, this.#usedBytes),
      Math.min(position + length, this.#usedBytes),
    );
    return bytes;
  }

  /** @returns false, and does nothing, where a file of that size is too much */
  truncate(sizeBytes: number): boolean {
    if (sizeBytes > this.#mostBytes) return false;
    this.#usedBytes = Math.min(this.#usedBytes, sizeBytes);
    return true;
  }

  /** All that was written, not copied. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#usedBytes);
  }

  /** @returns undefined where memory for all of it is too much */
  whole(sizeBytes: number): Buffer | undefined {
    if (!this.#reserve(sizeBytes)) return undefined;
    this.#buffer.fill(0, Math.min(this.#usedBytes, sizeBytes), sizeBytes);
    return this.#buffer.subarray(0, sizeBytes);
  }

  free(): void {
    this.#budget.give(this.#buffer.length);
    this.#buffer = Buffer.alloc(0);
    this.#usedBytes = 0;
  }

  #reserve(bytes: number): boolean {
    if (bytes > this.#mostBytes) return false;
    const before = this.#buffer;
    if (bytes <= before.length) return true;
    const grownBytes = before.length === 0 ? bytes : Math.max(bytes, before.length * 2, GROWN_BYTES);
    const capacity = Math.min(grownBytes, this.#mostBytes);
    if (!this.#budget.take(capacity - before.length)) return false;
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
    before.copy(this.#buffer, 0, 0, this.#usedBytes);
    return true;
  }
}
