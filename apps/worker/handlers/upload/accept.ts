import { LeaseLostError } from '../../../../shared/errors.ts';
import { credentialsFault, type Stores } from '../../../../shared/object-store/stores.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import type { BucketName, BucketRow } from '../../../../shared/uploads/buckets.ts';
import type { FileRecord } from '../../../../shared/uploads/file-record.ts';
import { type Draft, ledgerIdOf, type NoPlan, planOf } from './plan.ts';
import type { Accepted, Ended } from './stay.ts';
import type { UploadStore } from './store.ts';

export type AcceptContext = {
  store: UploadStore;
  stores: Stores;
  nowMs: number;
  /** When credentials that will not do are looked at again. */
  lookAgainMs: number;
};

/** Finds out for each job what is to be done with its file, and whether a stay of it has begun. */
export function acceptJobs(jobs: readonly LeasedJob[], context: AcceptContext): (Accepted | Ended)[] {
  const { store } = context;
  // Most jobs are new ones, which one question tells of all of them.
  const known = store.records.knownJobs(jobs.map(({ id }) => id));
  const drafts = jobs.map((job) => {
    const open = known.has(job.id) ? openStay(job, context) : undefined;
    const last = open ?? (known.has(job.id) ? store.records.lastOfJob(job.id) : undefined);
    return { job, record: open, isAgain: last !== open, draft: planOf(job, last, store) };
  });
  const buckets = rowsOf(
    drafts.flatMap(({ draft }) => (isPlan(draft) ? [nameOf(draft)] : [])),
    store,
  );
  const faults = new Map([...buckets.values()].map((bucket) => [bucket.id, faultOfProfile(bucket, context)]));
  return drafts.map(({ job, record, isAgain, draft }) => {
    if (!isPlan(draft)) return refused(job, draft);
    const { credentials, profile, bucketName, ...plan } = draft;
    const bucket = buckets.get(keyOf({ credentials, profile, bucket: bucketName }));
    if (bucket === undefined) throw new Error('a bucket that was asked for has a row');
    const accepted = { job, record, isAgain, plan: { ...plan, bucket } };
    const fault = faults.get(bucket.id);
    return fault === undefined ? accepted : waiting(accepted, fault, context);
  });
}

/** The stay that a job is in the middle of. One of an earlier file that somebody took out of the warehouse is over. */
function openStay(job: LeasedJob, { store, nowMs }: AcceptContext): FileRecord | undefined {
  const { state, records, settlements } = store;
  const open = records.openOfJob(job.id);
  if (open?.ledgerId === undefined || open.ledgerId === ledgerIdOf(job)) return open;
  writeTransaction(state, () => {
    if (!settlements.holds(job.id, job.lease.token)) throw new LeaseLostError(job.lease.token);
    records.close(open.id, { state: 'gone', reason: 'somebody took it away', path: open.path }, nowMs);
  });
  return undefined;
}

const isPlan = (draft: Draft | NoPlan): draft is Draft => !('reason' in draft);

const nameOf = ({ credentials, profile, bucketName }: Draft): BucketName => ({
  credentials,
  profile,
  bucket: bucketName,
});

const keyOf = ({ credentials, profile, bucket }: BucketName): string =>
  `${credentials}\0${profile}\0${bucket}`;

function rowsOf(names: readonly BucketName[], { state, buckets }: UploadStore): Map<string, BucketRow> {
  const wanted = new Map(names.map((name) => [keyOf(name), name]));
  if (wanted.size === 0) return new Map();
  return writeTransaction(state, () => new Map([...wanted].map(([key, name]) => [key, buckets.get(name)])));
}

function refused(job: LeasedJob, { reason }: NoPlan): Ended {
  return { job, plan: undefined, record: undefined, outcome: { end: 'failed', reason } };
}

/** Why there is no connection to a bucket's profile; undefined where there is one. */
function faultOfProfile({ credentials, profile }: BucketRow, { stores }: AcceptContext): string | undefined {
  try {
    stores.get(credentials, profile);
    return undefined;
  } catch (error) {
    const reason = credentialsFault(error);
    if (reason === undefined) throw error;
    return reason;
  }
}

/** A file that names its profile by its place stays there where there is no such one; a sink's profile is waited for. */
function waiting(file: Accepted, reason: string, { nowMs, lookAgainMs }: AcceptContext): Ended {
  const { job, plan, record } = file;
  if (plan.sink.to.by === 'path' && record === undefined)
    return { job, plan, record, outcome: { end: 'failed', reason } };
  return {
    job,
    plan,
    record,
    outcome: { end: 'delayed', reason, runAtMs: nowMs + lookAgainMs, forBucket: true },
  };
}
