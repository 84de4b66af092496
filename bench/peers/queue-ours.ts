import BetterQueue from 'better-queue';
import { systemClock } from '../../shared/clock.ts';
import { fromText } from '../../shared/fs/byte-path.ts';
import { thisProcess } from '../../shared/linux/process-identity.ts';
import { Claims } from '../../shared/queue/claim.ts';
import { Enqueuer } from '../../shared/queue/enqueue.ts';
import { LeaseKeeper } from '../../shared/queue/lease-keeper.ts';
import { type LeasedJob, LeaseStore, leaseTasks } from '../../shared/queue/lease-store.ts';
import { Settlements } from '../../shared/queue/settle.ts';
import { openState } from '../../shared/state/open.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import { ASK_AGAIN_MS, type OnSettled, type QueueOrder } from './queue-order.ts';

const LEASE_MS = 30_000;
const KIND = 'ingest';

export function fillOurs(path: string, jobs: number): void {
  const state = openState(path);
  const enqueuer = new Enqueuer(state);
  writeTransaction(state, () => {
    for (let n = 0; n < jobs; n++) enqueuer.put({ kind: KIND, key: fromText(`/srv/in/job-${n}`) }, 0);
  });
  state.close();
}

export function leftOfOurs(path: string): number {
  const state = openState(path, { readonly: true });
  const left = Number(state.prepare('SELECT count(*) FROM jobs').pluck().get());
  state.close();
  return left;
}

/** As a worker does it: better-queue on the lease store, all jobs of a claim settled in one fenced transaction, the lease ended. */
export function drainOurs({ path, batch }: QueueOrder, onSettled: OnSettled): void {
  const state = openState(path);
  const claims = new Claims(state, { ...thisProcess(), owner: `bench ${process.pid}` });
  const keeper = new LeaseKeeper(claims, systemClock, LEASE_MS);
  const settlements = new Settlements(state);
  const work = (jobs: readonly LeasedJob[], done: () => void): void => {
    const { lease } = jobs[0] ?? {};
    if (lease === undefined) throw new Error('a lock of no jobs');
    writeTransaction(state, () => {
      settlements.completeAll(
        jobs.map(({ id }) => id),
        lease.token,
      );
      settlements.endLease(lease.token);
    });
    lease.wasEnded();
    keeper.end(lease.token);
    onSettled(jobs.length);
    done();
  };
  const queue = new BetterQueue<readonly LeasedJob[]>(work, {
    store: new LeaseStore({
      state,
      claims,
      keeper,
      clock: systemClock,
      kind: KIND,
      lane: 'batch',
      leaseMs: LEASE_MS,
      tasks: leaseTasks,
      jobsPerLock: batch,
      length: 'unknown',
    }),
    batchSize: 1,
    concurrent: 1,
  });
  setInterval(() => queue.resume(), ASK_AGAIN_MS);
}
