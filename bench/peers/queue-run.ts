import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fillBetterQueueSqlite, leftOfBetterQueueSqlite } from './queue-better-queue-sqlite.ts';
import { monotonicMs, type QueueName, type QueueOrder, type QueueReport } from './queue-order.ts';
import { fillOurs, leftOfOurs } from './queue-ours.ts';
import { fillPlainjob, leftOfPlainjob } from './queue-plainjob.ts';

const CHILD = fileURLToPath(new URL('./queue-child.ts', import.meta.url));
/** A queue in which nothing more is settled for this long has stopped working. */
const STALLED_MS = 3_000;

type Store = {
  fill(path: string, jobs: number): Promise<void> | void;
  left(path: string): Promise<number> | number;
};

const STORES: Record<QueueName, Store> = {
  ours: { fill: fillOurs, left: leftOfOurs },
  'better-queue-sqlite': { fill: fillBetterQueueSqlite, left: leftOfBetterQueueSqlite },
  plainjob: { fill: fillPlainjob, left: leftOfPlainjob },
};

export type QueueRun = {
  jobsPerSecond: number;
  /** Jobs nobody took before it stopped working. */
  left: number;
  /** Jobs that were worked on although they had been worked on before. */
  again: number;
};

/** Fills a queue, has `processes` forked workers drain it, and measures from the start signal, when all are loaded, to the last job settled. */
export async function runQueue(order: QueueOrder, jobs: number, processes: number): Promise<QueueRun> {
  const store = STORES[order.queue];
  await store.fill(order.path, jobs);
  const reports = new Map<ChildProcess, QueueReport>();
  const children = Array.from({ length: processes }, () =>
    fork(CHILD, [JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    for (const child of children) child.on('message', (report: QueueReport) => reports.set(child, report));
    const startedMs = monotonicMs();
    for (const child of children) child.send('go');
    const left = await settledAll(() => store.left(order.path), reports, jobs);
    const lastMs = Math.max(...[...reports.values()].map((report) => report.lastMs));
    const jobsPerSecond = (jobs - left) / ((lastMs - startedMs) / 1000);
    return { jobsPerSecond, left, again: sumOf(reports) - (jobs - left) };
  } finally {
    await Promise.all(children.map((child) => end(child)));
  }
}

const sumOf = (reports: ReadonlyMap<unknown, QueueReport>): number =>
  [...reports.values()].reduce((sum, { settled }) => sum + settled, 0);

/** Waits until nothing is left, or nothing has moved for a while. @returns how many jobs are left */
async function settledAll(
  left: () => Promise<number> | number,
  reports: ReadonlyMap<unknown, QueueReport>,
  jobs: number,
): Promise<number> {
  let known = -1;
  let sinceMs = performance.now();
  for (;;) {
    await delay(20);
    const settled = sumOf(reports);
    if (settled !== known) {
      known = settled;
      sinceMs = performance.now();
    }
    // The file is not asked before it may be done: reading it would disturb those who write.
    if (settled >= jobs && (await left()) === 0) return 0;
    if (performance.now() - sinceMs > STALLED_MS) return await left();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
