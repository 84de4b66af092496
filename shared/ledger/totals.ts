import type { State } from '../state/open.ts';

/** Seconds of throughput that are kept: enough for the rates over the last minute. */
const KEPT_SECONDS = 600;

export type Committed = { files: number; bytes: number; duplicates: number };

/** What was committed in all and lately, counted in the transaction that commits. */
export class Totals {
  readonly #add;
  readonly #addSecond;
  readonly #addUploads;
  readonly #addLoads;
  readonly #addArchived;
  readonly #prune;

  constructor(state: State) {
    this.#add = state.prepare(`
      UPDATE totals SET committed_files = committed_files + ?, committed_bytes = committed_bytes + ?, duplicate_files = duplicate_files + ?`);
    this.#addSecond = state.prepare(`
      INSERT INTO throughput (second, files, bytes) VALUES (?, ?, ?)
      ON CONFLICT (second) DO UPDATE SET files = files + excluded.files, bytes = bytes + excluded.bytes`);
    this.#addUploads = state.prepare(
      'UPDATE totals SET uploaded_files = uploaded_files + ?, uploaded_bytes = uploaded_bytes + ?',
    );
    this.#addLoads = state.prepare(
      'UPDATE totals SET loaded_files = loaded_files + ?, loaded_rows = loaded_rows + ?, rejected_rows = rejected_rows + ?',
    );
    this.#addArchived = state.prepare(
      'UPDATE totals SET archived_files = archived_files + ?, archived_bytes = archived_bytes + ?',
    );
    this.#prune = state.prepare('DELETE FROM throughput WHERE second < ?');
  }

  addUploads({ files, bytes }: { files: number; bytes: number }): void {
    this.#addUploads.run(files, bytes);
  }

  /** Files that are in their archives now. */
  addArchived({ files, bytes }: { files: number; bytes: number }): void {
    this.#addArchived.run(files, bytes);
  }

  /** Files that are in a table now, and their rows that are and are not. */
  addLoads({ files, rows, rejects }: { files: number; rows: number; rejects: number }): void {
    this.#addLoads.run(files, rows, rejects);
  }

  add(committed: Committed, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    this.#add.run(committed.files, committed.bytes, committed.duplicates);
    this.#addSecond.run(second, committed.files, committed.bytes);
    this.#prune.run(second - KEPT_SECONDS);
  }
}
