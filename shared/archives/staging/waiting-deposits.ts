import { contentBytes, type Deposit } from './deposit.ts';

/** Contents beyond it are streamed: see `SPILL_BYTES` of the contract, up to which a file is kept in memory. */
export const MOST_PACKED_BYTES = 1024 ** 2;

/** A group's contents are in memory at once, and written by one call. Many small ones more are no faster: the fdatasync is shared enough by then. */
const GROUP_BYTES = 8 * 1024 ** 2;
const GROUP_DEPOSITS = 4096;

/** Deposits in the order in which they were made; large ones, which are streamed one at a time, do not hold up the small ones for longer than one of them takes. */
export class WaitingDeposits {
  readonly #small: Deposit[] = [];
  readonly #large: Deposit[] = [];
  #lastWasSmall = false;

  get isEmpty(): boolean {
    return this.#small.length === 0 && this.#large.length === 0;
  }

  add(deposit: Deposit): void {
    const queue = contentBytes(deposit.content) > MOST_PACKED_BYTES ? this.#large : this.#small;
    queue.push(deposit);
  }

  /** @returns a group of small ones, one large one, or nothing at all */
  take(): Deposit[] {
    const isForLarge = this.#large.length > 0 && (this.#small.length === 0 || this.#lastWasSmall);
    this.#lastWasSmall = !isForLarge;
    if (isForLarge) return this.#large.splice(0, 1);
    let bytes = 0;
    const tooMany = this.#small.findIndex(({ content }, index) => {
      bytes += contentBytes(content);
      return index === GROUP_DEPOSITS || (index > 0 && bytes > GROUP_BYTES);
    });
    return this.#small.splice(0, tooMany === -1 ? this.#small.length : tooMany);
  }
}
