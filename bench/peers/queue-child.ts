/** A forked process that works through one queue: told which by its argument, started by a message, it reports what it settled. */
import { drainBetterQueueSqlite } from './queue-better-queue-sqlite.ts';
import { monotonicMs, type QueueOrder, type QueueReport } from './queue-order.ts';
import { drainOurs } from './queue-ours.ts';
import { drainPlainjob } from './queue-plainjob.ts';

/** Seldom enough to cost nothing, often enough to tell when the last was settled: the report carries its moment. */
const REPORT_MS = 10;

const order: QueueOrder = JSON.parse(process.argv[2] ?? '');
let settled = 0;
let lastMs = 0;
let reportedMs = 0;

const report = (): void => {
  reportedMs = lastMs;
  const message: QueueReport = { settled, lastMs };
  process.send?.(message);
};
const onSettled = (count: number): void => {
  settled += count;
  lastMs = monotonicMs();
  if (lastMs - reportedMs > REPORT_MS) report();
};

process.on('disconnect', () => process.exit());
process.on('message', () => {
  setInterval(() => void (lastMs > reportedMs && report()), REPORT_MS);
  const drains = {
    ours: drainOurs,
    'better-queue-sqlite': drainBetterQueueSqlite,
    plainjob: drainPlainjob,
  };
  void drains[order.queue](order, onSettled);
});
process.send?.('ready');
