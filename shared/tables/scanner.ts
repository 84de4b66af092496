import { type BytePath, toBytes, toText } from '../fs/byte-path.ts';
import { ManyRows } from '../queue/many-rows.ts';
import type { State } from '../state/open.ts';

/** A file that is to be loaded, as whoever finds it knows it. */
export type FoundFile = {
  path: BytePath;
  sizeBytes: number;
  mtimeNs: bigint;
  /** YYYY-MM-DD, UTC: the partition that its rows belong to. */
  ingestDate: string;
  /** Of a file in custody: its row in the ledger, and what was committed. */
  custody: { ledgerId: number; sha256: Buffer } | undefined;
};

/** A row that was just inserted. */
export type ScannedFile = { id: number; sizeBytes: number; ingestDate: string };

type Put = { file: FoundFile; sinkId: number; now: string };

/** The table of files that are to be loaded. Call its methods inside a transaction. */
export class Scanner {
  readonly #put;
  readonly #lastId;
  readonly #after;
  readonly #markSent;
  readonly #setContent;

  constructor(state: State) {
    this.#put = new ManyRows<Put>(state, {
      head: `INSERT INTO scanner (file_name, file_modified_time, size_in_bytes, created_time, modified_time, status, sink_id, path, mtime_ns,
        ingest_date, ledger_id, sha256)`,
      values: "(?, ?, ?, ?, ?, 'SCANNED', ?, ?, ?, ?, ?, ?)",
      tail: 'ON CONFLICT DO NOTHING',
      bind: ({ file, sinkId, now }) => [
        toText(file.path),
        new Date(Number(file.mtimeNs / 1_000_000n)).toISOString(),
        file.sizeBytes,
        now,
        now,
        sinkId,
        toBytes(file.path),
        file.mtimeNs,
        file.ingestDate,
        file.custody?.ledgerId ?? null,
        file.custody?.sha256 ?? null,
      ],
    });
    this.#lastId = state
      .prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'scanner'")
      .pluck();
    this.#after = state.prepare<[number], ScannedFile>(
      'SELECT id, size_in_bytes AS sizeBytes, ingest_date AS ingestDate FROM scanner WHERE id > ? ORDER BY id',
    );
    this.#markSent = state.prepare(`
      UPDATE scanner SET status = 'SENT_FOR_ETL', modified_time = ?
      WHERE status = 'SCANNED' AND id IN (SELECT file_id FROM load_task_files WHERE task_id = ?)`);
    this.#setContent = state.prepare('UPDATE scanner SET sha256 = ? WHERE id = ? AND ledger_id IS NULL');
  }

  /**
   * Records files of one sink; those that it has already (by their row in the ledger, or by path, time and size) are passed by.
   *
   * @returns the rows of the new ones, in the order in which they were given
   */
  add(files: readonly FoundFile[], sinkId: number, nowMs: number): ScannedFile[] {
    const now = new Date(nowMs).toISOString();
    const before = this.#lastId.get() ?? 0;
    this.#put.run(files.map((file) => ({ file, sinkId, now })));
    return this.#after.all(before);
  }

  /** The files of a task are on their way. */
  markSent(taskId: number, nowMs: number): void {
    this.#markSent.run(new Date(nowMs).toISOString(), taskId);
  }

  /** What a file of a store turned out to have in it, now. @param sha256 in hex */
  setContent(fileId: number, sha256: string): void {
    this.#setContent.run(Buffer.from(sha256, 'hex'), fileId);
  }
}
