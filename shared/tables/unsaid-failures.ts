import type { State } from '../state/open.ts';
import { writeTransaction } from '../state/transaction.ts';

type Row = { id: number; reason: string };

/**
 * Tasks whose job failed without anybody who knew of tasks: their worker died too often, or a defect of ours was charged. The queue knows
 * jobs alone.
 */
export class UnsaidFailures {
  readonly #state: State;
  readonly #find;
  readonly #fail;
  readonly #failFiles;

  constructor(state: State) {
    this.#state = state;
    this.#find = state.prepare<[], Row>(`
      SELECT load_tasks.id, reason FROM jobs INDEXED BY jobs_failed JOIN load_tasks ON load_tasks.id = jobs.payload ->> 'task'
      WHERE jobs.state = 'failed' AND kind = 'load' AND status IN ('NEW', 'PROCESSING')`);
    this.#fail = state.prepare(
      "UPDATE load_tasks SET status = 'FAILED', gathering = 0, failure_msg = ?, modified_time = ? WHERE id = ?",
    );
    this.#failFiles = state.prepare(
      "UPDATE load_task_files SET state = 'failed', reason = ? WHERE task_id = ? AND state = 'waiting'",
    );
  }

  /** Says of each that it failed, and why. @returns how many there were */
  say(nowMs: number): number {
    if (this.#find.all().length === 0) return 0;
    return writeTransaction(this.#state, () => {
      const rows = this.#find.all();
      for (const { id, reason } of rows) {
        this.#fail.run(reason, new Date(nowMs).toISOString(), id);
        this.#failFiles.run(reason, id);
      }
      return rows.length;
    });
  }
}
