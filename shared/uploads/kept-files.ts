import { type BytePath, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';

/** A file that stays where it is after its upload. `fingerprint`: from before its first byte was read to be sent. */
export type KeptFile = { path: BytePath; sinkId: number; fingerprint: string };

/**
 * The files that were uploaded and stay where they are, so that nobody takes them for new ones. Whoever touches one later makes its
 * fingerprint another, and with that a new file of it.
 */
export class KeptFiles {
  readonly #add;
  readonly #has;

  constructor(state: State) {
    this.#add = state.prepare(`
      INSERT INTO kept_files (path, sink_id, fingerprint) VALUES (?, ?, ?)
      ON CONFLICT (path, sink_id) DO UPDATE SET fingerprint = excluded.fingerprint`);
    this.#has = state
      .prepare<[Buffer, number, string], number>(
        'SELECT 1 FROM kept_files WHERE path = ? AND sink_id = ? AND fingerprint = ?',
      )
      .pluck();
  }

  /** In the transaction that ends the file's job: before, its job is what keeps it from being taken again. */
  add({ path, sinkId, fingerprint }: KeptFile): void {
    this.#add.run(toBytes(path), sinkId, fingerprint);
  }

  /** Whether the file of this name, untouched since, was uploaded by this sink. */
  has({ path, sinkId, fingerprint }: KeptFile): boolean {
    return this.#has.get(toBytes(path), sinkId, fingerprint) !== undefined;
  }
}
