import { targetName } from '../../../../shared/config/table-texts.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import type { Column, FileLoad } from '../../../../shared/tables/contract.ts';
import type { LoadResult } from '../../../../shared/tables/targets/target.ts';
import type { WaitingFile } from '../../../../shared/tables/task-files.ts';
import type { LoadStore } from './store.ts';
import { assertTasksHeld, type TableSink, type TaskInHand } from './task-in-hand.ts';

/** A file that will not do, and why: for a person. */
export type BadFile = {
  file: WaitingFile;
  code: string;
  reason: string;
  failure: string;
  /** Of a store: it is another file by now, which a later scan finds. No task fails for it. */
  isSuperseded: boolean;
};

/** A file that was read from end to end. */
export type ReadFile = { file: WaitingFile; sha256: string };

/** What became of some files of one sink. */
export type Outcome = {
  sink: TableSink;
  read: readonly ReadFile[];
  result: LoadResult;
  /** That the table was given. */
  added: readonly Column[];
  bad: readonly BadFile[];
};

/** What settling did. */
export type Settled = {
  loaded: (FileLoad & { file: WaitingFile; state: 'loaded' | 'present' })[];
  /** Each with the task that it failed in: its own, or the one that it was moved to. */
  failed: (BadFile & { taskId: number })[];
  superseded: BadFile[];
  /** That have nothing more to be done. */
  done: TaskInHand[];
};

/**
 * Records what became of files, all in one durable transaction that asks whether their tasks are still ours: rows of each file, tasks that
 * are loaded, jobs that are done. A bad file of a task that has others fails in a task of its own.
 *
 * @throws LeaseLostError
 */
export function settle(
  outcome: Outcome,
  tasks: ReadonlyMap<number, TaskInHand>,
  store: LoadStore,
  nowMs: number,
): Settled {
  const { sink, added, bad } = outcome;
  const { target, table } = sink.settings;
  const touched = new Set([...outcome.read, ...bad].map(({ file }) => taskOf(file, tasks)));
  const settled = writeTransaction(store.state, () => {
    assertTasksHeld(touched, store);
    const loaded = settleLoaded(outcome, store, nowMs);
    if (added.length > 0) store.schemas.addColumns(targetName(target), table, added);
    const superseded = bad.filter(({ isSuperseded }) => isSuperseded);
    for (const { file, reason } of superseded) store.files.fail(file.fileId, file.taskId, reason);
    const failed = bad
      .filter(({ isSuperseded }) => !isSuperseded)
      .map((one) => ({ ...one, taskId: failFile(one, taskOf(one.file, tasks), store, nowMs) }));
    const done = [...touched].filter((task) => finish(task, failed, store, nowMs));
    return { loaded, failed, superseded, done };
  });
  for (const task of settled.done) task.over = true;
  return settled;
}

/** The same for tasks none of whose files waits: a holder that died had settled all of them, or others have them by now. @throws LeaseLostError */
export function settleEmpty(tasks: readonly TaskInHand[], store: LoadStore, nowMs: number): Settled {
  const done = writeTransaction(store.state, () => {
    assertTasksHeld(tasks, store);
    return tasks.filter((task) => finish(task, [], store, nowMs));
  });
  for (const task of done) task.over = true;
  return { loaded: [], failed: [], superseded: [], done };
}

/**
 * Each content that is in the table is counted once, whoever wrote it: where a file of this state file is known to have brought it, this one
 * is its duplicate (also one that was loaded just now: another holder may have found its record, and have settled a file of its own with
 * it), and where none is, it was this one, be it by a holder that died, or never heard of it, after the target's commit.
 */
function settleLoaded({ sink, read, result }: Outcome, store: LoadStore, nowMs: number): Settled['loaded'] {
  const byId = new Map(read.map((one) => [one.file.fileId, one]));
  const known = store.contents.loaded(
    read.map(({ sha256 }) => sha256),
    sink.settings,
  );
  const sums = { files: 0, rows: 0, rejects: 0 };
  const one = (load: FileLoad): Settled['loaded'][number] => {
    const { file, sha256 } = byId.get(load.fileId) ?? stranger(load.fileId);
    const state = known.has(sha256) ? 'present' : 'loaded';
    known.add(sha256);
    if (file.committedSha256 === undefined) store.scanner.setContent(file.fileId, sha256);
    store.files.settle({ ...load, taskId: file.taskId }, state, nowMs);
    if (state === 'loaded') {
      sums.files += 1;
      sums.rows += load.rows;
      sums.rejects += load.rejects;
    }
    return { ...load, file, state };
  };
  const loaded = [...result.loaded, ...result.present].map(one);
  if (sums.files > 0) store.totals.addLoads(sums);
  return loaded;
}

/** @returns the task that the file is in from now on */
function failFile(
  { file, reason, failure }: BadFile,
  task: TaskInHand,
  store: LoadStore,
  nowMs: number,
): number {
  const { tasks, files, jobs } = store;
  if (files.countAll(task.id) === 1) {
    files.fail(file.fileId, task.id, reason);
    tasks.failed(task.id, failure, nowMs);
    return task.id;
  }
  const { sizeBytes } = file;
  const sinkId = task.sink.id;
  const id = tasks.add({ sinkId, ingestDate: task.ingestDate, gathering: false }, nowMs);
  tasks.grow(id, sizeBytes, nowMs);
  tasks.shrink(task.id, sizeBytes);
  files.fail(file.fileId, id, reason);
  tasks.failed(id, failure, nowMs);
  jobs.addFailed({ id, sinkId, sizeBytes }, reason, nowMs);
  return id;
}

/** Ends the task and its job where none of its files waits any more. @returns whether it did */
function finish(task: TaskInHand, failed: Settled['failed'], store: LoadStore, nowMs: number): boolean {
  if (store.files.countWaiting(task.id) > 0) return false;
  const { id, job } = task;
  const own = failed.find(({ taskId }) => taskId === id);
  if (own === undefined) {
    store.tasks.loaded(id, nowMs);
    store.settlements.complete(job.id, job.lease.token);
  } else store.settlements.fail(job.id, job.lease.token, own.reason, nowMs);
  return true;
}

function taskOf({ taskId }: WaitingFile, tasks: ReadonlyMap<number, TaskInHand>): TaskInHand {
  const task = tasks.get(taskId);
  if (task === undefined) throw new Error(`a file of task ${taskId} was loaded, which is not in hand`);
  return task;
}

function stranger(fileId: number): never {
  throw new Error(`the target says that it has file ${fileId}, which it was not given`);
}
