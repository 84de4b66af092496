import { type BytePath, fromBytes } from '../fs/byte-path.ts';
import { runsOf } from '../queue/runs.ts';
import type { State } from '../state/open.ts';
import type { FileLoad } from './contract.ts';

export const FILE_STATES = ['waiting', 'loaded', 'present', 'failed'] as const;
export type TaskFileState = (typeof FILE_STATES)[number];

/** A file of a task that is not in the table yet. */
export type WaitingFile = {
  fileId: number;
  taskId: number;
  name: string;
  path: BytePath;
  sizeBytes: number;
  ingestDate: string;
  /** Of a file in custody: its content must be this, in hex. */
  committedSha256: string | undefined;
  /** Of a file of a store: what it was when it was scanned. */
  scanned: { mtimeNs: bigint; sizeBytes: number } | undefined;
  /** What it had in it when it was last read, or committed; in hex. */
  knownSha256: string | undefined;
};

type WaitingRow = {
  fileId: number;
  taskId: number;
  name: string;
  path: Buffer;
  sizeBytes: number;
  ingestDate: string;
  mtimeNs: string;
  ledgerId: number | null;
  sha256: Buffer | null;
};

/** Which task each file is in, and what became of it. Call its methods inside a transaction. */
export class TaskFiles {
  readonly #addRun;
  readonly #waitAgain;
  readonly #waiting;
  readonly #countWaiting;
  readonly #countAll;
  readonly #settle;
  readonly #fail;
  readonly #failWaiting;

  constructor(state: State) {
    this.#addRun = state.prepare(
      'INSERT INTO load_task_files (file_id, task_id) SELECT id, ? FROM scanner WHERE id BETWEEN ? AND ?',
    );
    this.#waitAgain = state.prepare(
      "UPDATE load_task_files SET state = 'waiting', reason = NULL WHERE task_id = ? AND state = 'failed'",
    );
    this.#waiting = state.prepare<[number, number, number], WaitingRow>(`
      SELECT file_id AS fileId, task_id AS taskId, file_name AS name, path, size_in_bytes AS sizeBytes, ingest_date AS ingestDate,
        CAST(mtime_ns AS TEXT) AS mtimeNs, ledger_id AS ledgerId, sha256
      FROM load_task_files JOIN scanner ON scanner.id = file_id
      WHERE task_id = ? AND state = 'waiting' AND file_id > ? ORDER BY file_id LIMIT ?`);
    this.#countWaiting = state
      .prepare<[number], number>(
        "SELECT count(*) FROM load_task_files WHERE task_id = ? AND state = 'waiting'",
      )
      .pluck();
    this.#countAll = state
      .prepare<[number], number>('SELECT count(*) FROM load_task_files WHERE task_id = ?')
      .pluck();
    this.#settle = state.prepare(`
      UPDATE load_task_files SET state = ?, rows = ?, rejects = ?, loaded_at = ?, reason = NULL
      WHERE file_id = ? AND task_id = ? AND state = 'waiting'`);
    this.#fail = state.prepare(
      "UPDATE load_task_files SET state = 'failed', reason = ?, task_id = ? WHERE file_id = ? AND state = 'waiting'",
    );
    this.#failWaiting = state.prepare(
      "UPDATE load_task_files SET state = 'failed', reason = ? WHERE task_id = ? AND state = 'waiting'",
    );
  }

  /** Puts files of the scanner into a task: a statement for each run of them. */
  add(taskId: number, fileIds: readonly number[]): void {
    for (const { first, last } of runsOf(fileIds)) this.#addRun.run(taskId, first, last);
  }

  /** Those of a task that failed are to be tried again. */
  waitAgain(taskId: number): void {
    this.#waitAgain.run(taskId);
  }

  /** Files of a task that are to be loaded, by id, after one of them. */
  waiting(taskId: number, afterFileId: number, limit: number): WaitingFile[] {
    return this.#waiting.all(taskId, afterFileId, limit).map(waitingFileOf);
  }

  countWaiting(taskId: number): number {
    return this.#countWaiting.get(taskId) ?? 0;
  }

  countAll(taskId: number): number {
    return this.#countAll.get(taskId) ?? 0;
  }

  /** What became of a file that waited. Throws where it did not: nothing is counted twice. */
  settle(
    { taskId, fileId, rows, rejects }: FileLoad & { taskId: number },
    state: 'loaded' | 'present',
    nowMs: number,
  ): void {
    const at = new Date(nowMs).toISOString();
    if (this.#settle.run(state, rows, rejects, at, fileId, taskId).changes !== 1)
      throw new Error(`file ${fileId} was settled in task ${taskId} and did not wait there`);
  }

  /** All of a task that wait: their task failed. */
  failWaiting(taskId: number, reason: string): void {
    this.#failWaiting.run(reason, taskId);
  }

  /** It will not do, and is in this task from now on. */
  fail(fileId: number, taskId: number, reason: string): void {
    if (this.#fail.run(reason, taskId, fileId).changes !== 1)
      throw new Error(`file ${fileId} failed and did not wait`);
  }
}

/** Times are read as text: nanoseconds are more than a double keeps. */
function waitingFileOf({ ledgerId, sha256, path, mtimeNs, ...file }: WaitingRow): WaitingFile {
  const isOfStore = ledgerId === null;
  const knownSha256 = sha256?.toString('hex');
  return {
    ...file,
    path: fromBytes(path),
    committedSha256: isOfStore ? undefined : knownSha256,
    scanned: isOfStore ? { mtimeNs: BigInt(mtimeNs), sizeBytes: file.sizeBytes } : undefined,
    knownSha256,
  };
}
