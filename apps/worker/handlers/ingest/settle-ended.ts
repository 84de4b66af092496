import { fingerprintOf } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfSeen } from '../../../../shared/fs/lstat.ts';
import type { Ended } from './custody.ts';
import type { IngestStore } from './store.ts';

/**
 * Records how a file's way ended without being placed, inside transaction 2.
 *
 * @returns false, and nothing is written, where the job is somebody else's by now
 */
export function settleEnded(file: Ended, { store, nowMs }: { store: IngestStore; nowMs: number }): boolean {
  const { job, outcome, withdraw } = file;
  const { settlements } = store;
  const { token } = job.lease;
  if (!settlements.holds(job.id, token)) return false;
  if (withdraw !== undefined) store.withdraw(withdraw);
  switch (outcome.end) {
    case 'candidate':
      settlements.complete(job.id, token);
      addCandidate(file, outcome, store, nowMs);
      return true;
    case 'vanished':
      settlements.complete(job.id, token);
      return true;
    case 'failed':
      settlements.fail(job.id, token, outcome.reason, nowMs);
      return true;
    case 'delayed':
      settlements.delay(job.id, token, { ...outcome, nowMs });
      return true;
    case 'released':
      settlements.release(job.id, token, nowMs);
      return true;
  }
}

type CandidateEnd = Extract<Ended['outcome'], { end: 'candidate' }>;

function addCandidate(
  { route }: Ended,
  { path, waitsFor }: CandidateEnd,
  store: IngestStore,
  nowMs: number,
): void {
  const stats = lstatIfSeen(path);
  if (stats === undefined) return;
  store.candidates.upsert({
    path,
    routeId: route.id,
    fingerprint: fingerprintOf(stats),
    waitsFor,
    nowMs,
    dueMs: waitsFor === 'sidecar' ? undefined : nowMs + Math.max(route.stabilityMs, LEAST_WAIT_MS),
  });
}

/** A file that was just written to is not looked at again in a busy loop, however short the stability window is. */
const LEAST_WAIT_MS = 200;
