import { UsageError } from '../../errors.ts';
import { toBytes } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import { writeTransaction } from '../../state/transaction.ts';
import { TaskFiles } from '../task-files.ts';
import { TaskJobs } from '../task-jobs.ts';
import { taskKey } from '../task-key.ts';
import { LoadTasks, type Task } from '../tasks.ts';

/** Tasks a transaction: the workers get the write lock in between. */
const CHUNK = 1000;

/**
 * Makes the jobs of these tasks ready now, with attempts anew; where somebody dropped one, it is made again. All of them or none. A task
 * that is worked on is left as it is. The others are NEW from then on, and their files wait.
 *
 * @returns how many
 * @throws UsageError `load.unknown-task`, `load.loaded-task`
 */
export function retryTasks(state: State, ids: readonly number[], nowMs: number): number {
  const tasks = new LoadTasks(state);
  const retry = retrier(state, nowMs);
  return writeTransaction(state, () => {
    const known = [...new Set(ids)].map((id) => tasks.byId(id) ?? unknown(id));
    for (const { id, status } of known) if (status === 'LOADED') alreadyLoaded(id);
    return known.filter(retry).length;
  });
}

/** The same for every task that failed. Stopped in between, it has done a part. @returns how many */
export function retryFailedTasks(state: State, nowMs: number): number {
  const next = state.prepare<[number], Task>(`
    SELECT id, status, sink_id AS sinkId, ingest_date AS ingestDate, size_in_bytes AS sizeBytes FROM load_tasks
    WHERE status = 'FAILED' AND id > ? ORDER BY id LIMIT ${CHUNK}`);
  const retry = retrier(state, nowMs);
  let retried = 0;
  for (let after = 0; ; ) {
    const failed = writeTransaction(state, () => {
      const rows = next.all(after);
      retried += rows.filter(retry).length;
      return rows;
    });
    const last = failed.at(-1);
    if (last === undefined) return retried;
    after = last.id;
  }
}

function retrier(state: State, nowMs: number): (task: Task) => boolean {
  const jobs = new TaskJobs(state);
  const retry = state.prepare(`
    UPDATE jobs SET state = 'ready', run_at_ms = 0, attempts = 0, reason = NULL, updated_ms = ?
    WHERE kind = 'load' AND key = ? AND sink_id = ? AND state <> 'leased'`);
  const tasks = new LoadTasks(state);
  const files = new TaskFiles(state);
  return ({ id, sinkId }) => {
    const isReady =
      retry.run(nowMs, toBytes(taskKey(id)), sinkId).changes === 1 || jobs.addDropped(id, nowMs);
    if (!isReady) return false;
    tasks.again(id, nowMs);
    files.waitAgain(id);
    return true;
  };
}

function unknown(id: number): never {
  throw new UsageError(`there is no task ${id}; nothing was changed`, {
    code: 'load.unknown-task',
    subject: String(id),
    hint: 'see the first column of `wharfinger load list`',
  });
}

function alreadyLoaded(id: number): never {
  throw new UsageError(`task ${id} is loaded; nothing was changed`, {
    code: 'load.loaded-task',
    subject: String(id),
    hint: 'see `wharfinger load show` for its files and rows',
  });
}
