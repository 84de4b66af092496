import { targetName } from '../../../../shared/config/table-texts.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { taskIdOf } from '../../../../shared/tables/task-key.ts';
import type { LoadStore } from './store.ts';
import type { TableSink, TaskInHand } from './task-in-hand.ts';

/** Finds the task and the sink of each job. A job whose task is loaded, or gone, is done. */
export function acceptTasks(jobs: readonly LeasedJob[], store: LoadStore, startedMs: number): TaskInHand[] {
  const sinks = new Map<number, TableSink>();
  const done: LeasedJob[] = [];
  const tasks: TaskInHand[] = [];
  for (const job of jobs) {
    const task = store.tasks.byId(taskIdOf(job));
    if (task === undefined || task.status === 'LOADED') {
      done.push(job);
      continue;
    }
    const sink = sinks.get(task.sinkId) ?? tableSink(task.sinkId, store);
    sinks.set(sink.id, sink);
    const { id, ingestDate, sizeBytes } = task;
    const tally = { files: 0, present: 0, rows: 0, rejects: 0 };
    tasks.push({ id, job, sink, ingestDate, sizeBytes, begun: false, over: false, startedMs, tally });
  }
  if (done.length > 0)
    writeTransaction(store.state, () => {
      for (const { id, lease } of done) store.settlements.complete(id, lease.token);
    });
  return tasks;
}

function tableSink(id: number, store: LoadStore): TableSink {
  const sink = store.sinks.byId(id);
  if (sink?.settings.type !== 'load') throw new Error(`sink ${id} of a task is no sink of type load`);
  return { id, routeId: sink.routeId, settings: sink.settings };
}

/** The tasks of each target, in the order of the queue: a target is opened once for all of them. */
export const byTarget = (tasks: readonly TaskInHand[]): Map<string, TaskInHand[]> =>
  Map.groupBy(tasks, ({ sink }) => targetName(sink.settings.target));

/** The tasks of each sink: one table, one way to read its files. */
export const bySink = (tasks: readonly TaskInHand[]): Map<TableSink, TaskInHand[]> =>
  Map.groupBy(tasks, ({ sink }) => sink);
