import { backoffMs } from '../../../../shared/queue/backoff.ts';
import { lazyTransaction, writeTransaction } from '../../../../shared/state/transaction.ts';
import type { TargetError } from '../../../../shared/tables/errors.ts';
import { laneOfTask } from '../../../../shared/tables/task-key.ts';
import { failureOf, reasonOf } from './failure.ts';
import type { LoadStore } from './store.ts';
import { assertTasksHeld, type TaskInHand } from './task-in-hand.ts';

/** However long a target is away, it is asked this often. */
const LONGEST_RETRY_MS = 10 * 60_000;

export type TroubleContext = {
  store: LoadStore;
  nowMs: number;
  random: () => number;
  retryMs: number;
  maxRetries: number;
};

/** What became of tasks whose target did not take them. */
export type Stopped = {
  failed: TaskInHand[];
  waiting: TaskInHand[];
  reason: string;
  /** When the first of those that wait is tried again. */
  untilMs: number;
};

/** Not now, and at no charge: all of them are tried again at one moment. @throws LeaseLostError */
export function waitFor(
  tasks: readonly TaskInHand[],
  { reason, untilMs }: { reason: string; untilMs: number },
  store: LoadStore,
  nowMs: number,
): Stopped {
  lazyTransaction(store.state, () => {
    assertTasksHeld(tasks, store);
    for (const task of tasks) delay(task, { reason, runAtMs: untilMs, charged: false }, store, nowMs);
  });
  for (const task of tasks) task.over = true;
  return { failed: [], waiting: [...tasks], reason, untilMs };
}

/** Ready again as they were. @throws LeaseLostError */
export function giveBack(tasks: readonly TaskInHand[], store: LoadStore, nowMs: number): void {
  if (tasks.length === 0) return;
  lazyTransaction(store.state, () => {
    for (const { id, begun, job } of tasks) {
      store.settlements.release(job.id, job.lease.token, nowMs);
      if (begun) store.tasks.again(id, nowMs);
    }
  });
  for (const task of tasks) task.over = true;
}

/**
 * The target cannot be reached, or gave up in the middle: each task is tried again later, the last half of each delay left to chance, until it
 * has been as often as it may. One that will not be taken before a person does something fails at once.
 *
 * @throws LeaseLostError
 */
export function stopAtTrouble(
  error: TargetError,
  tasks: readonly TaskInHand[],
  context: TroubleContext,
): Stopped {
  const { store, nowMs, maxRetries } = context;
  const reason = reasonOf(error);
  const stopped: Stopped = { failed: [], waiting: [], reason, untilMs: Number.POSITIVE_INFINITY };
  writeTransaction(store.state, () => {
    assertTasksHeld(tasks, store);
    for (const task of tasks) {
      if (error.trouble === 'refused' || task.job.attempts > maxRetries) {
        fail(task, reason, failureOf(error), store, nowMs);
        stopped.failed.push(task);
        continue;
      }
      const runAtMs = nowMs + retryDelayMs(task.job.attempts, context);
      delay(task, { reason, runAtMs, charged: true }, store, nowMs);
      stopped.waiting.push(task);
      stopped.untilMs = Math.min(stopped.untilMs, runAtMs);
    }
  });
  for (const task of tasks) task.over = true;
  return stopped;
}

/** @param attempts this one included */
function retryDelayMs(attempts: number, { retryMs, random }: TroubleContext): number {
  const boundMs = Math.min(LONGEST_RETRY_MS, retryMs * 2 ** Math.min(attempts - 1, 30));
  const halfMs = boundMs / 2;
  return Math.ceil(halfMs + backoffMs(0, { baseMs: halfMs, capMs: halfMs }, random));
}

/** It came back alive, so it is no suspect. Nobody works on it meanwhile. */
function delay(
  { id, job, begun, sizeBytes }: TaskInHand,
  { reason, runAtMs, charged }: { reason: string; runAtMs: number; charged: boolean },
  { settlements, tasks }: LoadStore,
  nowMs: number,
): void {
  const lane = laneOfTask(sizeBytes);
  settlements.delay(job.id, job.lease.token, { runAtMs, reason, charged, nowMs, lane });
  if (begun) tasks.again(id, nowMs);
}

function fail(
  { id, job }: TaskInHand,
  reason: string,
  failure: string,
  { settlements, tasks, files }: LoadStore,
  nowMs: number,
): void {
  files.failWaiting(id, reason);
  tasks.failed(id, failure, nowMs);
  settlements.fail(job.id, job.lease.token, reason, nowMs);
}
