import { type BytePath, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';

export type CommittedLength = { bytes: number; lines: number };

/** How far each manifest file is committed. */
export class Manifests {
  readonly #get;
  readonly #set;

  constructor(state: State) {
    this.#get = state.prepare<[Buffer], CommittedLength>(
      'SELECT committed_bytes AS bytes, committed_lines AS lines FROM manifests WHERE path = ?',
    );
    this.#set = state.prepare(`
      INSERT INTO manifests (path, committed_bytes, committed_lines) VALUES (?, ?, ?)
      ON CONFLICT (path) DO UPDATE SET committed_bytes = excluded.committed_bytes, committed_lines = excluded.committed_lines`);
  }

  /** Whether lines may have been written to it: see `registerManifest`. */
  isKnown(path: BytePath): boolean {
    return this.#get.get(toBytes(path)) !== undefined;
  }

  committed(path: BytePath): CommittedLength {
    return this.#get.get(toBytes(path)) ?? { bytes: 0, lines: 0 };
  }

  setCommitted(path: BytePath, { bytes, lines }: CommittedLength): void {
    this.#set.run(toBytes(path), bytes, lines);
  }
}
