import { type BytePath, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';

/** The duplicates that were left in place, so that nobody takes them for new files and hashes them again. */
export class LeftDuplicates {
  readonly #has;

  constructor(state: State) {
    this.#has = state
      .prepare<[Buffer, string], number>(
        "SELECT 1 FROM duplicates WHERE action = 'leave' AND source = ? AND fingerprint = ?",
      )
      .pluck();
  }

  /** Whether the file of this name, untouched since, was found to be a duplicate. */
  has(source: BytePath, fingerprint: string): boolean {
    return this.#has.get(toBytes(source), fingerprint) !== undefined;
  }
}
