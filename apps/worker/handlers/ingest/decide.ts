import { LeaseLostError } from '../../../../shared/errors.ts';
import { relativeTo } from '../../../../shared/fs/byte-path.ts';
import type { Fingerprint } from '../../../../shared/fs/fingerprint.ts';
import { destinationOf, withContentSuffix } from '../../../../shared/ledger/destination.ts';
import type { DuplicateAction, DuplicateRow } from '../../../../shared/ledger/duplicates.ts';
import {
  type Conflict,
  type Decision,
  type LedgerRow,
  WHOLE_STATE,
} from '../../../../shared/ledger/ledger.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { type DecidedFile, ended, type ReadFile, type Step } from './custody.ts';
import type { IngestStore } from './store.ts';

/** Content that another job has in flight is looked at again this soon, … */
const IN_FLIGHT_RETRY_MS = 100;
/** … and this late where that job has failed, and waits for a person. */
const FAILED_RETRY_MS = 30_000;

/**
 * Transaction 1: records each file in flight, as content of its own or as a repetition. The unique constraints decide, also between
 * the files of this batch. When it returns, recovery knows of every one of them.
 */
export function decideFiles(
  files: readonly ReadFile[],
  store: IngestStore,
  nowMs: number,
): Step<DecidedFile>[] {
  if (files.length === 0) return [];
  return writeTransaction(store.state, () => files.map((file) => decide(file, store, nowMs)));
}

function decide(file: ReadFile, store: IngestStore, nowMs: number): Step<DecidedFile> {
  const { job, route, content } = file;
  if (!store.settlements.holds(job.id, job.lease.token)) throw new LeaseLostError(job.lease.token);
  const relative = relativeTo(route.input, job.key);
  const decision: Decision = {
    ...content,
    scope: route.dedupe === 'content' ? WHOLE_STATE : null,
    routeId: route.id,
    jobId: job.id,
    source: job.key,
    destination: destinationOf(route.warehouse, nowMs, relative),
    decidedMs: nowMs,
  };
  let decided = store.ledger.decide(decision);
  if ('conflict' in decided && decided.conflict.with === 'destination') {
    decision.destination = withContentSuffix(decision.destination, content.sha256, job.id);
    decided = store.ledger.decide(decision);
  }
  if ('conflict' in decided) return repeat(file, decided.conflict, store, nowMs);
  const row: LedgerRow = { ...decision, id: decided.id, state: 'in_flight' };
  return { ...file, inFlight: { type: 'original', row } };
}

function repeat(file: ReadFile, conflict: Conflict, store: IngestStore, nowMs: number): Step<DecidedFile> {
  const { job, route, content } = file;
  const later = ended(file, { end: 'delayed', charged: false, ...waitFor(conflict, nowMs) });
  if (conflict.with !== 'committed') return later;
  const { sha256, ...identity } = content;
  const action: DuplicateAction = route.onDuplicate;
  const repetition = {
    ...identity,
    ledgerId: conflict.id,
    action,
    routeId: route.id,
    jobId: job.id,
    fingerprint: job.fingerprint as Fingerprint,
    source: job.key,
    destination:
      action === 'move'
        ? destinationOf(route.duplicates, nowMs, relativeTo(route.input, job.key))
        : undefined,
    decidedMs: nowMs,
  };
  const id =
    store.duplicates.decide(repetition) ??
    (repetition.destination === undefined
      ? undefined
      : store.duplicates.decide({
          ...repetition,
          destination: withContentSuffix(repetition.destination, sha256, job.id),
        }));
  if (id === undefined) return later;
  const row = store.duplicates.inFlightOf(job.id) as DuplicateRow;
  const original = { destination: conflict.destination, sizeBytes: conflict.sizeBytes, sha256 };
  return { ...file, inFlight: { type: 'duplicate', row, original } };
}

/** When a row in flight that stands in the way may be out of it: its job need not be asked for before it is due itself. */
function waitFor(conflict: Conflict, nowMs: number): { reason: string; runAtMs: number } {
  const job = conflict.with === 'in-flight' ? conflict.job : undefined;
  const what = 'the same content or the same inode is just being taken';
  if (job === undefined) return { reason: what, runAtMs: nowMs + IN_FLIGHT_RETRY_MS };
  const reason = `${what} by job ${job.id}`;
  if (job.state === 'failed')
    return { reason: `${reason}, which failed: retry or drop that one`, runAtMs: nowMs + FAILED_RETRY_MS };
  const dueMs = job.state === 'delayed' ? Math.max(nowMs, job.runAtMs) : nowMs;
  return { reason, runAtMs: dueMs + IN_FLIGHT_RETRY_MS };
}
