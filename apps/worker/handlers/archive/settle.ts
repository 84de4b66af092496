import { LeaseLostError } from '../../../../shared/errors.ts';
import { laneOf } from '../../../../shared/queue/lanes.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { type DepositedFile, type Ended, isEnded, type Step } from './file.ts';
import type { ArchiveStore } from './store.ts';

/**
 * Records what became of files, all in one durable transaction that asks whether their jobs are still ours: each deposit has its row, its
 * job is done, and its base is going to be collected.
 *
 * @throws LeaseLostError
 */
export function settle(steps: readonly Step<DepositedFile>[], store: ArchiveStore, nowMs: number): void {
  const { lease } = steps[0]?.job ?? {};
  if (lease === undefined) return;
  const isLeaseEnded = writeTransaction(store.state, () => {
    assertHeld(steps, store);
    settleDeposited(
      steps.filter((step): step is DepositedFile => !isEnded(step)),
      store,
      nowMs,
    );
    for (const end of steps.filter(isEnded)) settleEnded(end, store, nowMs);
    return store.settlements.endLease(lease.token);
  });
  if (isLeaseEnded) lease.wasEnded();
}

function assertHeld(steps: readonly { job: LeasedJob }[], { settlements }: ArchiveStore): void {
  const { lease } = steps[0]?.job ?? {};
  if (lease === undefined) return;
  lease.assertTrusted();
  const held = settlements.heldBy(lease.token);
  if (!steps.every(({ job }) => held.has(job.id))) throw new LeaseLostError(lease.token);
}

/** The base of each, and the job that collects it, are seen to once for all of them. */
function settleDeposited(files: readonly DepositedFile[], store: ArchiveStore, nowMs: number): void {
  for (const [path, group] of Map.groupBy(files, ({ sink }) => sink.base)) {
    const base = store.bases.add(path);
    store.bases.setMarked(path);
    const publishMs = Math.min(...group.map(({ sink }) => sink.publishMs));
    store.jobs.collect(path, nowMs + publishMs, nowMs);
    for (const file of group) {
      store.deposits.stage({ ...file, sinkId: file.job.sinkId, baseId: base.id }, nowMs);
      finish(file.job, store, nowMs);
    }
  }
}

/** Done, unless a later file has got its name meanwhile, whose job it is then. */
function finish(job: LeasedJob, { settlements }: ArchiveStore, nowMs: number): void {
  const { token } = job.lease;
  if (!settlements.passOn(job, token, nowMs)) settlements.complete(job.id, token);
}

function settleEnded({ job, outcome }: Ended, store: ArchiveStore, nowMs: number): void {
  const { settlements } = store;
  const { token } = job.lease;
  switch (outcome.end) {
    case 'done':
      finish(job, store, nowMs);
      return;
    case 'failed':
      if (!settlements.passOn(job, token, nowMs)) settlements.fail(job.id, token, outcome.reason, nowMs);
      return;
    case 'delayed': {
      // It came back alive, so it is no suspect.
      const lane = laneOf(job.sizeBytes);
      settlements.delay(job.id, token, { ...outcome, charged: false, nowMs, lane });
      return;
    }
    case 'released':
      settlements.release(job.id, token, nowMs);
      return;
  }
}
