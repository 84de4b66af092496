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
 * Transaction 1: records each file in flight, as content of its own or as a repetition, also of another file of this batch. When it
 * returns, recovery knows of every one of them.
 */
export function decideFiles(
  files: readonly ReadFile[],
  store: IngestStore,
  nowMs: number,
): Step<DecidedFile>[] {
  const { lease } = files[0]?.job ?? {};
  if (lease === undefined) return [];
  const decisions = files.map((file) => decisionOf(file, nowMs));
  return writeTransaction(store.state, () => {
    const held = store.settlements.heldBy(lease.token);
    if (!files.every(({ job }) => held.has(job.id))) throw new LeaseLostError(lease.token);
    store.ledger.foldContents();
    const ids = store.ledger.decideAll(decisions);
    return files.map((file, n) => {
      const decision = decisions[n] ?? decisionOf(file, nowMs);
      const id = ids.get(file.job.id);
      return id === undefined ? decideConflict(file, decision, store) : decided(file, decision, id);
    });
  });
}

/** What is recorded where nothing is in the way. */
function decisionOf({ job, route, content }: ReadFile, nowMs: number): Decision {
  const { sha256, device, inode, sizeBytes, mtimeNs, ctimeNs } = content;
  return {
    sha256,
    device,
    inode,
    sizeBytes,
    mtimeNs,
    ctimeNs,
    scope: route.dedupe === 'content' ? WHOLE_STATE : null,
    routeId: route.id,
    jobId: job.id,
    source: job.key,
    destination: destinationOf(route.warehouse, nowMs, relativeTo(route.input, job.key)),
    decidedMs: nowMs,
  };
}

function decided(file: ReadFile, decision: Decision, id: number): DecidedFile {
  const row: LedgerRow = { ...decision, id, state: 'in_flight' };
  return { ...file, inFlight: { type: 'original', row } };
}

function decideConflict(file: ReadFile, decision: Decision, store: IngestStore): Step<DecidedFile> {
  let answer = store.ledger.decide(decision);
  if ('conflict' in answer && answer.conflict.with === 'destination') {
    decision.destination = withContentSuffix(decision.destination, decision.sha256, file.job.id);
    answer = store.ledger.decide(decision);
  }
  if ('conflict' in answer) return repeat(file, answer.conflict, store, decision.decidedMs);
  return decided(file, decision, answer.id);
}

function repeat(file: ReadFile, conflict: Conflict, store: IngestStore, nowMs: number): Step<DecidedFile> {
  const { job, route, content } = file;
  const later = ended(file, { end: 'delayed', charged: false, ...waitFor(conflict, nowMs) });
  if (conflict.with !== 'committed') return later;
  const { sha256, ...identity } = content;
  // What may be the last copy that a person sees is never deleted.
  const isMoved = route.onDuplicate === 'delete' && store.isReleased(conflict.id);
  const action: DuplicateAction = isMoved ? 'move' : route.onDuplicate;
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
