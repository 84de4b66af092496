import { lazyTransaction } from '../../../../shared/state/transaction.ts';
import type { WaitingFile } from '../../../../shared/tables/task-files.ts';
import type { LoadStore } from './store.ts';
import { assertTasksHeld, type TaskInHand } from './task-in-hand.ts';

/** Rows that are read at a time. */
const PAGE = 1000;

/**
 * Records that tasks are worked on: nothing is added to them from now on, and files that failed before are tried again. Not waited for on
 * disk: a power cut ends the holder too.
 *
 * @throws LeaseLostError
 */
export function beginTasks(tasks: readonly TaskInHand[], store: LoadStore, nowMs: number): void {
  lazyTransaction(store.state, () => {
    assertTasksHeld(tasks, store);
    for (const { id } of tasks) {
      store.tasks.begin(id, nowMs);
      store.files.waitAgain(id);
      store.scanner.markSent(id, nowMs);
    }
  });
  for (const task of tasks) task.begun = true;
}

/** The tasks that are begun together: up to so many bytes, at least one. */
export function* chunksOf(tasks: readonly TaskInHand[], mostBytes: number): Generator<TaskInHand[]> {
  let chunk: TaskInHand[] = [];
  let bytes = 0;
  for (const task of tasks) {
    if (chunk.length > 0 && bytes + task.sizeBytes > mostBytes) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(task);
    bytes += task.sizeBytes;
  }
  if (chunk.length > 0) yield chunk;
}

export type PieceLimits = {
  /** Open at a time. */
  files: number;
  bytes: number;
  /** Of the first; each may have half as much again as the one before. */
  firstBytes: number;
};

const GROWTH = 1.5;

/** The files of tasks that wait, cut into loads. Reads them as they are asked for: memory does not grow with a task. */
export const piecesOf = (
  tasks: readonly TaskInHand[],
  store: LoadStore,
  limits: PieceLimits,
): Generator<WaitingFile[]> => cut(filesOf(tasks, store), limits);

/** The first piece is small, since nothing is loaded while it is read, and they grow no faster than one is read while the one before is loaded. */
export function* cut<File extends { sizeBytes: number }>(
  files: Iterable<File>,
  limits: PieceLimits,
): Generator<File[]> {
  let piece: File[] = [];
  let bytes = 0;
  let mostBytes = Math.min(limits.firstBytes, limits.bytes);
  for (const file of files) {
    if (piece.length >= limits.files || (piece.length > 0 && bytes + file.sizeBytes > mostBytes)) {
      yield piece;
      mostBytes = Math.min(limits.bytes, mostBytes * GROWTH);
      piece = [];
      bytes = 0;
    }
    piece.push(file);
    bytes += file.sizeBytes;
  }
  if (piece.length > 0) yield piece;
}

function* filesOf(tasks: readonly TaskInHand[], store: LoadStore): Generator<WaitingFile> {
  for (const { id } of tasks) {
    for (let after = 0; ; ) {
      const page = store.files.waiting(id, after, PAGE);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last.fileId;
    }
  }
}
