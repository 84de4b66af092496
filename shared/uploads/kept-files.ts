import { type BytePath, fromBytes, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';

/** A file that stays where it is after its upload. `fingerprint`: from before its first byte was read to be sent. */
export type KeptFile = { path: BytePath; sinkId: number; fingerprint: string };

/** One of a sink, and since when it is known to be gone. */
export type KeptPath = { path: BytePath; goneMs: number | undefined };

/**
 * The files that were uploaded and stay where they are, so that nobody takes them for new ones. Whoever touches one later makes its
 * fingerprint another, and with that a new file of it.
 */
export class KeptFiles {
  readonly #add;
  readonly #has;
  readonly #page;
  readonly #mark;
  readonly #remove;

  constructor(state: State) {
    this.#add = state.prepare(`
      INSERT INTO kept_files (path, sink_id, fingerprint) VALUES (?, ?, ?)
      ON CONFLICT (path, sink_id) DO UPDATE SET fingerprint = excluded.fingerprint, gone_ms = NULL`);
    this.#has = state
      .prepare<[Buffer, number, string], number>(
        'SELECT 1 FROM kept_files WHERE path = ? AND sink_id = ? AND fingerprint = ?',
      )
      .pluck();
    this.#page = state.prepare<[Buffer, number, number], { path: Buffer; goneMs: number | null }>(
      'SELECT path, gone_ms AS goneMs FROM kept_files WHERE path > ? AND sink_id = ? ORDER BY path LIMIT ?',
    );
    this.#mark = state.prepare('UPDATE kept_files SET gone_ms = ? WHERE path = ? AND sink_id = ?');
    this.#remove = state.prepare('DELETE FROM kept_files WHERE path = ? AND sink_id = ?');
  }

  /** In the transaction that ends the file's job: before, its job is what keeps it from being taken again. */
  add({ path, sinkId, fingerprint }: KeptFile): void {
    this.#add.run(toBytes(path), sinkId, fingerprint);
  }

  /** Whether the file of this name, untouched since, was uploaded by this sink. */
  has({ path, sinkId, fingerprint }: KeptFile): boolean {
    return this.#has.get(toBytes(path), sinkId, fingerprint) !== undefined;
  }

  /** Those of a sink in the order of their paths, after `after`: memory does not grow with their number. */
  page(sinkId: number, after: BytePath | undefined, limit: number): KeptPath[] {
    return this.#page
      .all(after === undefined ? START : toBytes(after), sinkId, limit)
      .map(({ path, goneMs }) => ({ path: fromBytes(path), goneMs: goneMs ?? undefined }));
  }

  /** It is gone since then; undefined: it is there again. Inside a transaction of the caller, as `remove`. */
  mark(sinkId: number, path: BytePath, goneMs: number | undefined): void {
    this.#mark.run(goneMs ?? null, toBytes(path), sinkId);
  }

  remove(sinkId: number, path: BytePath): void {
    this.#remove.run(toBytes(path), sinkId);
  }
}

/** Below every path, for paging. */
const START = Buffer.alloc(0);
