/**
 * A worker, forked: real better-queue on both lanes of the queue, which executes each job by a row in `executed` that is
 * written in the transaction that completes the job. What it starts it notes in a log that all workers share, before it starts.
 */
import { appendFileSync } from 'node:fs';
import BetterQueue from 'better-queue';
import { systemClock } from '../../shared/clock.ts';
import { LeaseLostError } from '../../shared/errors.ts';
import { isDead, thisProcess } from '../../shared/linux/process-identity.ts';
import { Claims } from '../../shared/queue/claim.ts';
import type { Lane } from '../../shared/queue/job.ts';
import { LeaseKeeper } from '../../shared/queue/lease-keeper.ts';
import { type LeasedJob, LeaseStore, leaseTasks } from '../../shared/queue/lease-store.ts';
import { Settlements } from '../../shared/queue/settle.ts';
import { openState } from '../../shared/state/open.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';

export type DrainSettings = {
  path: string;
  log: string;
  leaseMs: number;
  /** At its first batch it says so, and does nothing until it is told to go on. */
  stalls: boolean;
  /** Whether it finds out by itself that another is dead; else only by its lease's end. */
  seesDeath: boolean;
};
export type DrainOrder = 'go on';
export type DrainEvent =
  | { does: 'stalls'; jobs: number[] }
  | { does: 'executes' | 'loses' | 'reclaims'; jobs: number };

const BATCH_SIZE = 25;
const settings: DrainSettings = JSON.parse(process.argv[2] ?? '');
const { path, log, leaseMs } = settings;
const say = (event: DrainEvent) => process.send?.(event);

const state = openState(path);
const here = thisProcess();
const claims = new Claims(state, { ...here, owner: `worker ${process.pid}` });
const keeper = new LeaseKeeper(claims, systemClock, leaseMs);
const settlements = new Settlements(state);
const executed = state.prepare('INSERT INTO executed (job_id, pid) VALUES (?, ?)');

let stall = settings.stalls ? Promise.withResolvers<void>() : undefined;
process.on('message', () => stall?.resolve());
process.on('disconnect', () => process.exit());

async function work(jobs: readonly LeasedJob[]): Promise<void> {
  const token = jobs[0]?.lease.token ?? 0;
  const startMs = systemClock.nowMs();
  appendFileSync(log, jobs.map((job) => `starts ${job.id} ${process.pid} ${startMs}\n`).join(''));
  if (stall !== undefined) {
    say({ does: 'stalls', jobs: jobs.map((job) => job.id) });
    await stall.promise;
    stall = undefined;
  }
  try {
    writeTransaction(state, () => {
      for (const job of jobs) {
        executed.run(job.id, process.pid);
        settlements.complete(job.id, token);
      }
    });
    say({ does: 'executes', jobs: jobs.length });
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    say({ does: 'loses', jobs: jobs.length });
  }
  keeper.end(token);
}

const queueOf = (lane: Lane, batchSize: number) =>
  new BetterQueue<readonly LeasedJob[]>((jobs, done) => void work(jobs).then(() => done()), {
    store: new LeaseStore({
      state,
      claims,
      keeper,
      clock: systemClock,
      kind: 'ingest',
      lane,
      leaseMs,
      tasks: leaseTasks,
      jobsPerLock: batchSize,
      length: 'unknown',
    }),
    batchSize: 1,
    concurrent: 1,
  });

const queues = [queueOf('batch', BATCH_SIZE), queueOf('alone', 1), queueOf('suspect', 1)];
setInterval(() => {
  const reclaimed = claims.reclaim(
    systemClock.nowMs(),
    5,
    (owner) => settings.seesDeath && isDead(owner, here),
  );
  for (const { jobs } of reclaimed) say({ does: 'reclaims', jobs });
  for (const queue of queues) queue.resume();
}, 50);
