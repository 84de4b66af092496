import type { BytePath } from '../../../../shared/fs/byte-path.ts';
import { fingerprintOf, unsigned } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfSeen } from '../../../../shared/fs/lstat.ts';
import { laneOf } from '../../../../shared/queue/lanes.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { createdAt, type FileRecord } from '../../../../shared/uploads/file-record.ts';
import type { Ended } from './stay.ts';
import type { UploadStore } from './store.ts';

/** A file that was just written to is not looked at again in a busy loop. */
const LEAST_WAIT_MS = 200;
const SOON_MS = 1_000;

/** Records how files' ways ended without being tried, all in one transaction. @returns those that were still ours */
export function settleEnded(files: readonly Ended[], store: UploadStore, nowMs: number): Ended[] {
  if (files.length === 0) return [];
  return writeTransaction(store.state, () => files.filter((file) => settleOne(file, store, nowMs)));
}

function settleOne(file: Ended, store: UploadStore, nowMs: number): boolean {
  const { job, record, outcome, plan } = file;
  const { settlements, records } = store;
  const { token } = job.lease;
  if (!settlements.holds(job.id, token)) return false;
  const lane = laneOf(job.sizeBytes);
  switch (outcome.end) {
    case 'failed':
      if (record !== undefined)
        records.close(
          record.id,
          { state: 'failed', outcome: 'failure', reason: outcome.reason, path: record.path },
          nowMs,
        );
      if (!settlements.passOn(job, token, nowMs)) settlements.fail(job.id, token, outcome.reason, nowMs);
      return true;
    case 'delayed': {
      const { reason, runAtMs, forBucket } = outcome;
      const waiting = record?.id ?? (forBucket ? beginToWait(file, store, nowMs) : undefined);
      if (waiting !== undefined) records.wait(waiting, reason, forBucket, nowMs);
      settlements.delay(job.id, token, { runAtMs, reason, charged: false, nowMs, lane });
      return true;
    }
    case 'candidate':
      // What is in hand, was moved already, or comes from the warehouse, is found by nobody but its job.
      if (isInHand(record, outcome.path) || plan?.ledgerId !== undefined) {
        const { why: reason } = outcome;
        settlements.delay(job.id, token, { runAtMs: nowMs + SOON_MS, reason, charged: false, nowMs, lane });
        return true;
      }
      if (record !== undefined)
        records.close(record.id, { state: 'gone', reason: outcome.why, path: outcome.path }, nowMs);
      settlements.complete(job.id, token);
      addCandidate(
        { path: outcome.path, routeId: job.routeId ?? 0, waitsFor: outcome.waitsFor },
        store,
        nowMs,
      );
      return true;
    case 'vanished':
      if (record !== undefined) closeVanished(record, store, nowMs);
      if (!settlements.passOn(job, token, nowMs)) settlements.complete(job.id, token);
      return true;
    case 'released':
      settlements.release(job.id, token, nowMs);
      return true;
  }
}

const isInHand = (record: FileRecord | undefined, path: BytePath): boolean =>
  record !== undefined && (record.nextPath === undefined || record.nextPath === path);

/** What was uploaded may have been removed already: that was the last step. */
function closeVanished(record: FileRecord, { records, totals }: UploadStore, nowMs: number): void {
  const { id, path, sizeBytes } = record;
  if (record.outcome === 'success') {
    records.close(id, { state: 'completed', outcome: 'success', path }, nowMs);
    totals.addUploads({ files: 1, bytes: sizeBytes });
    return;
  }
  records.close(id, { state: 'gone', reason: 'somebody took it away', path }, nowMs);
}

/** The stay of a file that waits before anything was done with it begins too, so that it is seen, and woken. */
function beginToWait({ job, plan }: Ended, { records }: UploadStore, nowMs: number): number | undefined {
  const stats = lstatIfSeen(job.key);
  if (stats === undefined || plan === undefined) return undefined;
  const known = records.openOfInode(unsigned(stats.dev), unsigned(stats.ino));
  if (known !== undefined && plan.ledgerId === undefined) {
    if (known.jobId !== undefined) return undefined;
    records.adopt(known.id, { jobId: job.id, sinkId: plan.sinkId, bucketId: plan.bucket.id });
    return known.id;
  }
  return records.add(
    {
      profile: plan.bucket.profile,
      bucket: plan.bucket.bucket,
      filepath: plan.filepath,
      createdAt: createdAt(stats),
      state: 'incoming',
      bucketId: plan.bucket.id,
      sinkId: plan.sinkId,
      jobId: job.id,
      path: job.key,
      nextPath: undefined,
      device: unsigned(stats.dev),
      inode: unsigned(stats.ino),
      sizeBytes: Number(stats.size),
      mtimeNs: stats.mtimeNs,
      ledgerId: plan.ledgerId,
    },
    nowMs,
  );
}

export type NewCandidate = { path: BytePath; routeId: number; waitsFor: 'stability' | 'writer' };

/** Inside a transaction of the caller. */
export function addCandidate(
  { path, routeId, waitsFor }: NewCandidate,
  store: UploadStore,
  nowMs: number,
): void {
  const stats = lstatIfSeen(path);
  if (stats === undefined) return;
  store.candidates.upsert({
    path,
    routeId,
    fingerprint: fingerprintOf(stats),
    waitsFor,
    nowMs,
    dueMs: nowMs + Math.max(store.routes.byId(routeId)?.stabilityMs ?? 0, LEAST_WAIT_MS),
  });
}
