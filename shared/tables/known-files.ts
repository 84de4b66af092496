import { type BytePath, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';

/** Which files of a store are in the scanner's table already: the same path, time and size is the same file. */
export class KnownFiles {
  readonly #has;

  constructor(state: State) {
    this.#has = state
      .prepare<unknown[], number>(
        'SELECT 1 FROM scanner WHERE sink_id = ? AND path = ? AND mtime_ns = ? AND size_in_bytes = ? AND ledger_id IS NULL',
      )
      .pluck();
  }

  has(sinkId: number, file: { path: BytePath; mtimeNs: bigint; sizeBytes: number }): boolean {
    return this.#has.get(sinkId, toBytes(file.path), file.mtimeNs, file.sizeBytes) === 1;
  }
}
