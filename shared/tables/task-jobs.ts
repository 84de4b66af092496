import { toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { laneOfTask, taskKey, taskPayload } from './task-key.ts';

type TaskOf = { id: number; sinkId: number };

/**
 * The job of each task. It names no route: what a route forgets of jobs whose file is gone from its input is none of a task's business.
 * Call its methods inside a transaction.
 */
export class TaskJobs {
  readonly #insert;
  readonly #resize;
  readonly #makeReady;
  readonly #dropped;
  readonly #others;
  readonly #othersOf;

  constructor(state: State) {
    this.#insert = state.prepare(`
      INSERT INTO jobs (kind, key, sink_id, lane, size_bytes, payload, state, run_at_ms, reason, enqueued_ms, updated_ms)
      VALUES ('load', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#resize = state.prepare(`
      UPDATE jobs SET size_bytes = ?, lane = iif(lane = 'suspect', lane, ?) WHERE kind = 'load' AND key = ? AND sink_id = ?`);
    this.#makeReady = state.prepare(`
      UPDATE jobs SET state = 'ready', run_at_ms = 0, updated_ms = ?
      WHERE kind = 'load' AND key = ? AND sink_id = ? AND state = 'delayed' AND attempts = 0`);
    this.#dropped = state.prepare<[number], TaskOf & { sizeBytes: number }>(`
      SELECT id, sink_id AS sinkId, size_in_bytes AS sizeBytes FROM load_tasks WHERE id = ? AND status <> 'LOADED' AND NOT EXISTS (
        SELECT 1 FROM jobs WHERE kind = 'load' AND key = CAST('task ' || load_tasks.id AS BLOB) AND jobs.sink_id = load_tasks.sink_id)`);
    const others = "lease_token IS NOT NULL AND kind = 'load' AND lease_token <> ?";
    this.#others = state.prepare<[number]>(`SELECT 1 FROM jobs WHERE ${others} LIMIT 1`);
    this.#othersOf = state.prepare<[number, string]>(
      `SELECT 1 FROM jobs WHERE ${others} AND sink_id IN (SELECT value FROM json_each(?)) LIMIT 1`,
    );
  }

  /** @param runAtMs 0: at once */
  add(task: TaskOf & { sizeBytes: number }, runAtMs: number, nowMs: number): void {
    this.#put(task, runAtMs > 0 ? 'delayed' : 'ready', runAtMs, null, nowMs);
  }

  /** Of a task that failed before it had one. */
  addFailed(task: TaskOf & { sizeBytes: number }, reason: string, nowMs: number): void {
    this.#put(task, 'failed', 0, reason, nowMs);
  }

  /** Makes the job anew that somebody dropped. @returns whether there was none */
  addDropped(taskId: number, nowMs: number): boolean {
    const task = this.#dropped.get(taskId);
    if (task === undefined) return false;
    this.add(task, 0, nowMs);
    return true;
  }

  /** The size of its task is another. */
  resize({ id, sinkId, sizeBytes }: TaskOf & { sizeBytes: number }): void {
    this.#resize.run(sizeBytes, laneOfTask(sizeBytes), toBytes(taskKey(id)), sinkId);
  }

  /** Its task has stopped gathering; one that was tried already keeps its time. @returns whether it was delayed, and is ready now */
  makeReady({ id, sinkId }: TaskOf, nowMs: number): boolean {
    return this.#makeReady.run(nowMs, toBytes(taskKey(id)), sinkId).changes === 1;
  }

  /** Whether a task, or one of these sinks, is in the hands of another holder. */
  areOthersLoading(token: number, sinkIds?: readonly number[]): boolean {
    const found =
      sinkIds === undefined ? this.#others.get(token) : this.#othersOf.get(token, JSON.stringify(sinkIds));
    return found !== undefined;
  }

  #put(
    { id, sinkId, sizeBytes }: TaskOf & { sizeBytes: number },
    state: 'ready' | 'delayed' | 'failed',
    runAtMs: number,
    reason: string | null,
    nowMs: number,
  ): void {
    const lane = laneOfTask(sizeBytes);
    const key = toBytes(taskKey(id));
    this.#insert.run(key, sinkId, lane, sizeBytes, taskPayload(id), state, runAtMs, reason, nowMs, nowMs);
  }
}
