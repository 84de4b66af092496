import type { State } from '../state/open.ts';

export const TASK_STATUSES = ['NEW', 'PROCESSING', 'LOADED', 'FAILED'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export type NewTask = { sinkId: number; ingestDate: string; gathering: boolean };

export type Task = {
  id: number;
  status: TaskStatus;
  sinkId: number;
  ingestDate: string;
  sizeBytes: number;
};

/** The tasks that load files. Call its methods inside a transaction; those of a holder in one that asks whether it still is. */
export class LoadTasks {
  readonly #insert;
  readonly #byId;
  readonly #gatheringOf;
  readonly #allGathering;
  readonly #grow;
  readonly #stopGathering;
  readonly #begin;
  readonly #setStatus;
  readonly #shrink;

  constructor(state: State) {
    this.#insert = state.prepare(`
      INSERT INTO load_tasks (created_time, modified_time, status, sink_id, ingest_date, gathering) VALUES (?, ?, 'NEW', ?, ?, ?)`);
    const columns = 'id, status, sink_id AS sinkId, ingest_date AS ingestDate, size_in_bytes AS sizeBytes';
    this.#byId = state.prepare<[number], Task>(`SELECT ${columns} FROM load_tasks WHERE id = ?`);
    this.#gatheringOf = state.prepare<unknown[], Task>(
      `SELECT ${columns} FROM load_tasks WHERE sink_id = ? AND ingest_date = ? AND gathering = 1`,
    );
    this.#allGathering = state.prepare<[], Task>(`SELECT ${columns} FROM load_tasks WHERE gathering = 1`);
    this.#grow = state.prepare(
      'UPDATE load_tasks SET size_in_bytes = size_in_bytes + ?, modified_time = ? WHERE id = ?',
    );
    this.#stopGathering = state.prepare('UPDATE load_tasks SET gathering = 0 WHERE id = ?');
    this.#begin = state.prepare(`
      UPDATE load_tasks SET status = 'PROCESSING', gathering = 0, failure_msg = NULL, modified_time = ? WHERE id = ?`);
    this.#setStatus = state.prepare(`
      UPDATE load_tasks SET status = ?, gathering = 0, failure_msg = ?, modified_time = ? WHERE id = ?`);
    this.#shrink = state.prepare('UPDATE load_tasks SET size_in_bytes = size_in_bytes - ? WHERE id = ?');
  }

  /** @returns its id */
  add({ sinkId, ingestDate, gathering }: NewTask, nowMs: number): number {
    const now = timeOf(nowMs);
    return Number(this.#insert.run(now, now, sinkId, ingestDate, gathering ? 1 : 0).lastInsertRowid);
  }

  byId(id: number): Task | undefined {
    return this.#byId.get(id);
  }

  /** The one that files of a sink and day are added to. */
  gatheringOf(sinkId: number, ingestDate: string): Task | undefined {
    return this.#gatheringOf.get(sinkId, ingestDate);
  }

  allGathering(): Task[] {
    return this.#allGathering.all();
  }

  /** Files of so many bytes were added. */
  grow(id: number, bytes: number, nowMs: number): void {
    this.#grow.run(bytes, timeOf(nowMs), id);
  }

  stopGathering(id: number): void {
    this.#stopGathering.run(id);
  }

  /** It is worked on, for the first time or again; nothing is added to it any more. */
  begin(id: number, nowMs: number): void {
    this.#begin.run(timeOf(nowMs), id);
  }

  /** All of its files are in the table. */
  loaded(id: number, nowMs: number): void {
    this.#setStatus.run('LOADED', null, timeOf(nowMs), id);
  }

  /** @param failure for a person, with the stack of the error */
  failed(id: number, failure: string, nowMs: number): void {
    this.#setStatus.run('FAILED', failure, timeOf(nowMs), id);
  }

  /** Nobody works on it at present, and somebody will. */
  again(id: number, nowMs: number): void {
    this.#setStatus.run('NEW', null, timeOf(nowMs), id);
  }

  /** A file of so many bytes left it. */
  shrink(id: number, bytes: number): void {
    this.#shrink.run(bytes, id);
  }
}

const timeOf = (ms: number): string => new Date(ms).toISOString();
