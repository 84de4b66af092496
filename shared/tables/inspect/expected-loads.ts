import Database from 'better-sqlite3';
import type { LoadRecord } from '../targets/target.ts';

/** What the state file says of a content in a table. */
export type ExpectedLoad = { fileId: number; sha256: string; rows: number; rejects: number };

export type Known = 'same' | 'unknown' | ExpectedLoad;

type Row = { file_id: number; sha256: Buffer; rows: number; rejects: number; brought: number };

/**
 * The contents that tables should have, by the state file, to be ticked off as their records are read: millions that must not be in memory.
 * They are in a temporary database of SQLite, whose file has no name, so that nothing is left behind however this ends.
 */
export class ExpectedLoads implements Disposable {
  readonly #database = new Database('');
  readonly #insert;
  readonly #get;
  readonly #tick;
  readonly #unseen;
  readonly #addUnknown;
  readonly #dropUnknown;
  readonly #unknown;

  constructor() {
    this.#database.pragma('journal_mode = OFF');
    this.#database.pragma('synchronous = OFF');
    this.#database.exec(`
      CREATE TABLE expected (
        tab INTEGER NOT NULL, sha256 BLOB NOT NULL, file_id INTEGER NOT NULL, rows INTEGER NOT NULL, rejects INTEGER NOT NULL,
        brought INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (tab, sha256)) STRICT, WITHOUT ROWID;
      CREATE TABLE unknown (
        tab INTEGER NOT NULL, sha256 BLOB NOT NULL, file_name TEXT NOT NULL, rows INTEGER NOT NULL,
        PRIMARY KEY (tab, sha256)) STRICT, WITHOUT ROWID;`);
    this.#insert = this.#database.prepare(`
      INSERT INTO expected (tab, sha256, file_id, rows, rejects, brought) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (tab, sha256) DO UPDATE SET
        file_id = excluded.file_id, rows = excluded.rows, rejects = excluded.rejects, brought = excluded.brought
      WHERE brought = 0`);
    this.#get = this.#database.prepare<[number, Buffer], Row>(
      'SELECT file_id, sha256, rows, rejects, brought FROM expected WHERE tab = ? AND sha256 = ?',
    );
    this.#tick = this.#database.prepare('UPDATE expected SET seen = 1 WHERE tab = ? AND sha256 = ?');
    this.#unseen = this.#database.prepare<[number, Buffer], Row>(`
      SELECT file_id, sha256, rows, rejects, brought FROM expected WHERE tab = ? AND sha256 > ? AND seen = 0 ORDER BY sha256 LIMIT ${PAGE}`);
    this.#addUnknown = this.#database.prepare(
      'INSERT INTO unknown (tab, sha256, file_name, rows) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#dropUnknown = this.#database.prepare('DELETE FROM unknown WHERE tab = ? AND sha256 = ?');
    this.#unknown = this.#database.prepare<
      [number, Buffer],
      { sha256: Buffer; file_name: string; rows: number }
    >(
      `SELECT sha256, file_name, rows FROM unknown WHERE tab = ? AND sha256 > ? ORDER BY sha256 LIMIT ${PAGE}`,
    );
    this.#database.exec('BEGIN');
  }

  /**
   * A file whose content is in the table. `brought`: by this one, and not by another of the same content.
   *
   * @returns the file that is said to have brought it as well
   */
  add(table: number, load: ExpectedLoad, brought: boolean): number | undefined {
    const sha256 = Buffer.from(load.sha256, 'hex');
    const { changes } = this.#insert.run(
      table,
      sha256,
      load.fileId,
      load.rows,
      load.rejects,
      brought ? 1 : 0,
    );
    return changes === 0 && brought ? this.#get.get(table, sha256)?.file_id : undefined;
  }

  /** Ticks a record off. @returns what was expected, where it is another */
  see(table: number, { sha256: hex, fileName, rows, rejects }: LoadRecord): Known {
    const sha256 = Buffer.from(hex, 'hex');
    const expected = this.#get.get(table, sha256);
    if (expected === undefined) {
      this.#addUnknown.run(table, sha256, fileName, rows);
      return 'unknown';
    }
    this.#tick.run(table, sha256);
    return expected.rows === rows && expected.rejects === rejects ? 'same' : loadOf(expected);
  }

  /** What turned out to be loaded meanwhile. */
  forgive(table: number, sha256: string): void {
    this.#dropUnknown.run(table, Buffer.from(sha256, 'hex'));
  }

  /** Those of which no record was seen. */
  *unseen(table: number): Generator<ExpectedLoad> {
    for (let after = Buffer.alloc(0); ; ) {
      const rows = this.#unseen.all(table, after);
      yield* rows.map(loadOf);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = Buffer.from(last.sha256);
    }
  }

  /** Records that nobody expected. */
  *unknown(table: number): Generator<{ sha256: string; fileName: string; rows: number }> {
    for (let after = Buffer.alloc(0); ; ) {
      const rows = this.#unknown.all(table, after);
      for (const row of rows)
        yield { sha256: row.sha256.toString('hex'), fileName: row.file_name, rows: row.rows };
      const last = rows.at(-1);
      if (last === undefined) return;
      after = Buffer.from(last.sha256);
    }
  }

  hasUnknown(table: number): boolean {
    return this.#unknown.all(table, Buffer.alloc(0)).length > 0;
  }

  hasAny(table: number): boolean {
    return this.#unseen.all(table, Buffer.alloc(0)).length > 0;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

const PAGE = 1000;

const loadOf = ({ file_id, sha256, rows, rejects }: Row): ExpectedLoad => ({
  fileId: file_id,
  sha256: sha256.toString('hex'),
  rows,
  rejects,
});
