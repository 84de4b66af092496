import type { State } from '../state/open.ts';
import { writeTransaction } from '../state/transaction.ts';
import { TaskJobs } from './task-jobs.ts';
import { LoadTasks } from './tasks.ts';

/** The tasks of one sink, for whoever fills them. */
export class SinkTasks {
  readonly #state: State;
  readonly #sinkId: number;
  readonly #tasks: LoadTasks;
  readonly #jobs: TaskJobs;
  readonly #lastId;
  readonly #countAfter;

  constructor(state: State, sinkId: number) {
    this.#state = state;
    this.#sinkId = sinkId;
    this.#tasks = new LoadTasks(state);
    this.#jobs = new TaskJobs(state);
    this.#lastId = state.prepare<[], number>('SELECT ifnull(max(id), 0) FROM load_tasks').pluck();
    this.#countAfter = state
      .prepare<[number, number], number>('SELECT count(*) FROM load_tasks WHERE id > ? AND sink_id = ?')
      .pluck();
  }

  /** Of any sink: what comes later has a higher one. */
  lastId(): number {
    return this.#lastId.get() ?? 0;
  }

  countAfter(id: number): number {
    return this.#countAfter.get(id, this.#sinkId) ?? 0;
  }

  /**
   * Ends the gathering: nothing more is coming, and its tasks are ready now. Idempotent, and safe beside others that gather for the sink:
   * what they add next begins another task.
   */
  endGathering(nowMs: number): void {
    writeTransaction(this.#state, () => {
      for (const task of this.#tasks.allGathering()) {
        if (task.sinkId !== this.#sinkId) continue;
        this.#tasks.stopGathering(task.id);
        this.#jobs.makeReady(task, nowMs);
      }
    });
  }
}
