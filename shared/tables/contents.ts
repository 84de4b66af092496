import type { State } from '../state/open.ts';

/** A table of a target: `target` as a sink writes it, see `targetName`. */
export type TableOf = { target: string; table: string };

/** That a table has, or is about to have, a content. */
export type Content = {
  /** Lower-case hex. */
  sha256: string;
  taskId: number;
  /** False while it is being published: its rows may be there or not. */
  isPublished: boolean;
  rows: number;
  rejects: number;
  /** Of the data, below the directory of the table. */
  file: string;
};

/** What is there. `fileName` is the name of a file that had the content, where the task that published it still knows one. */
export type PublishedContent = Content & { fileName: string | undefined };

type Row = {
  sha256: Buffer;
  task_id: number;
  published: number;
  rows: number;
  rejects: number;
  file: string;
};

/** How many rows are read at a time: others may ask the state file in between. */
const PAGE = 1000;

/**
 * Which contents the tables of targets without transactions have: each once, by a unique constraint. Every method that writes is to be
 * called inside a transaction that asks for the lease.
 */
export class Contents {
  readonly #of;
  readonly #add;
  readonly #publish;
  readonly #withdraw;
  readonly #page;
  readonly #hasTable;
  readonly #hasTarget;

  constructor(state: State) {
    const columns = 'sha256, task_id, published, rows, rejects, file';
    this.#of = state.prepare<[string, string, Buffer], Row>(
      `SELECT ${columns} FROM load_contents WHERE target = ? AND table_name = ? AND sha256 = ?`,
    );
    this.#add = state.prepare(`
      INSERT INTO load_contents (target, table_name, sha256, task_id, rows, rejects, file) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#publish = state.prepare(
      'UPDATE load_contents SET published = 1 WHERE task_id = ? AND published = 0',
    );
    this.#withdraw = state.prepare('DELETE FROM load_contents WHERE task_id = ? AND published = 0');
    this.#page = state.prepare<[string, string, Buffer], Row & { file_name: string | null }>(`
      SELECT ${columns}, (
          SELECT file_name FROM load_task_files JOIN scanner ON scanner.id = file_id
          WHERE load_task_files.task_id = load_contents.task_id AND scanner.sha256 = load_contents.sha256 LIMIT 1) AS file_name
      FROM load_contents WHERE target = ? AND table_name = ? AND sha256 > ? AND published = 1 ORDER BY sha256 LIMIT ${PAGE}`);
    const exists = (where: string) => `SELECT EXISTS (SELECT 1 FROM load_contents WHERE ${where})`;
    this.#hasTable = state
      .prepare<[string, string], number>(exists('target = ? AND table_name = ? AND published = 1'))
      .pluck();
    this.#hasTarget = state.prepare<[string], number>(exists('target = ?')).pluck();
  }

  of({ target, table }: TableOf, sha256: string): Content | undefined {
    const row = this.#of.get(target, table, Buffer.from(sha256, 'hex'));
    return row === undefined ? undefined : contentOf(row);
  }

  /** A content that is about to be published. @throws SqliteError where the table has it, or is to have it */
  add({ target, table }: TableOf, content: Omit<Content, 'isPublished'>): void {
    const { sha256, taskId, rows, rejects, file } = content;
    this.#add.run(target, table, Buffer.from(sha256, 'hex'), taskId, rows, rejects, file);
  }

  /** What a task was about to publish is there. */
  publish(taskId: number): void {
    this.#publish.run(taskId);
  }

  /** What a task was about to publish is not there. */
  withdraw(taskId: number): void {
    this.#withdraw.run(taskId);
  }

  /** Those that are there, in the order of their sha256. */
  *published({ target, table }: TableOf): Iterable<PublishedContent> {
    for (let last: Buffer = Buffer.alloc(0); ; ) {
      const page = this.#page.all(target, table, last);
      for (const row of page) {
        last = row.sha256;
        yield { ...contentOf(row), fileName: row.file_name ?? undefined };
      }
      if (page.length < PAGE) return;
    }
  }

  hasPublished({ target, table }: TableOf): boolean {
    return this.#hasTable.get(target, table) === 1;
  }

  /** Whether anything was, or is being, published to a target. */
  knows(target: string): boolean {
    return this.#hasTarget.get(target) === 1;
  }
}

const contentOf = (row: Row): Content => ({
  sha256: row.sha256.toString('hex'),
  taskId: row.task_id,
  isPublished: row.published === 1,
  rows: row.rows,
  rejects: row.rejects,
  file: row.file,
});
