import { type BytePath, fromBytes, toBytes } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import type { TaskFileState } from '../task-files.ts';
import type { TaskStatus } from '../tasks.ts';

/** A file of the scanner as a person asks about it, with what its task made of it. */
export type LoadedFile = {
  fileId: number;
  path: BytePath;
  sizeBytes: number;
  /** ISO 8601, UTC. */
  fileModifiedTime: string;
  scannedTime: string;
  scannerStatus: 'SCANNED' | 'SENT_FOR_ETL';
  /** Of a file in custody. */
  ledgerId: number | undefined;
  /** In hex, where it is known. */
  sha256: string | undefined;
  sinkId: number;
  /** Undefined where it is in no task, which should not be. */
  taskId: number | undefined;
  taskStatus: TaskStatus | undefined;
  /** `present`: the table had this content already, of another file. */
  state: TaskFileState;
  rows: number | undefined;
  rejects: number | undefined;
  loadedAt: string | undefined;
  reason: string | undefined;
};

type Row = {
  id: number;
  path: Buffer;
  size_in_bytes: number;
  file_modified_time: string;
  created_time: string;
  status: LoadedFile['scannerStatus'];
  ledger_id: number | null;
  sha256: Buffer | null;
  sink_id: number;
  task_id: number | null;
  task_status: TaskStatus | null;
  state: TaskFileState | null;
  rows: number | null;
  rejects: number | null;
  loaded_at: string | null;
  reason: string | null;
};

const FILES = `
  SELECT scanner.id, path, scanner.size_in_bytes, file_modified_time, scanner.created_time, scanner.status, ledger_id, sha256,
    scanner.sink_id, task_id, load_tasks.status AS task_status, state, rows, rejects, loaded_at, reason
  FROM scanner LEFT JOIN load_task_files ON file_id = scanner.id LEFT JOIN load_tasks ON load_tasks.id = task_id`;

const CHUNK = 500;

/** The files of a task, by id. Memory does not grow with their number. */
export function* filesOfTask(state: State, taskId: number): Generator<LoadedFile> {
  const next = state.prepare<[number, number], Row>(`
    ${FILES} WHERE scanner.id IN (SELECT file_id FROM load_task_files WHERE task_id = ? AND file_id > ? ORDER BY file_id LIMIT ${CHUNK})
    ORDER BY scanner.id`);
  let after = 0;
  for (;;) {
    const rows = next.all(taskId, after);
    yield* rows.map(fileOf);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/** What was scanned under this path: a row for each sink, and each time that it was another file. */
export const loadsOfPath = (state: State, path: BytePath): LoadedFile[] =>
  state.prepare<[Buffer], Row>(`${FILES} WHERE path = ? ORDER BY scanner.id`).all(toBytes(path)).map(fileOf);

/** A committed file, for each of its sinks. */
export const loadsOfLedgerRow = (state: State, ledgerId: number): LoadedFile[] =>
  state.prepare<[number], Row>(`${FILES} WHERE ledger_id = ? ORDER BY scanner.id`).all(ledgerId).map(fileOf);

/** Every file of the scanner, by id: for `verify`. */
export function* allFiles(state: State): Generator<LoadedFile> {
  const next = state.prepare<[number], Row>(
    `${FILES} WHERE scanner.id > ? ORDER BY scanner.id LIMIT ${CHUNK}`,
  );
  let after = 0;
  for (;;) {
    const rows = next.all(after);
    yield* rows.map(fileOf);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

const fileOf = (row: Row): LoadedFile => ({
  fileId: row.id,
  path: fromBytes(row.path),
  sizeBytes: row.size_in_bytes,
  fileModifiedTime: row.file_modified_time,
  scannedTime: row.created_time,
  scannerStatus: row.status,
  ledgerId: row.ledger_id ?? undefined,
  sha256: row.sha256?.toString('hex'),
  sinkId: row.sink_id,
  taskId: row.task_id ?? undefined,
  taskStatus: row.task_status ?? undefined,
  state: row.state ?? 'waiting',
  rows: row.rows ?? undefined,
  rejects: row.rejects ?? undefined,
  loadedAt: row.loaded_at ?? undefined,
  reason: row.reason ?? undefined,
});
