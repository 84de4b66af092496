/** How many bytes of files that are open may be in memory together: so that a thousand of them cost no more than a few. */
export class MemoryBudget {
  #leftBytes: number;

  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  /** @returns false, and takes nothing, where there is not so much left */
  take(bytes: number): boolean {
    if (bytes > this.#leftBytes) return false;
    this.#leftBytes -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#leftBytes += bytes;
  }
}
