import { type BytePath, basename, dirname, fromText, join } from '../../../../shared/fs/byte-path.ts';
import { laneOf } from '../../../../shared/queue/lanes.ts';
import type { Taken, Tried } from './stay.ts';
import type { UploadStore } from './store.ts';

/** A file whose upload is over and recorded, and that is still to leave for `to`. `remove`: it goes nowhere, and its name there is hidden. */
export type Leaving = Tried & {
  is: 'sent' | 'failed';
  reason: string | undefined;
  to: BytePath;
  remove: boolean;
};

/** A file that is settled. */
export type Settled = {
  file: Tried | Leaving;
  is: 'completed' | 'failed' | 'waits' | 'released';
  path: BytePath;
};

/**
 * Records how the sending of a file ended, inside a transaction of the caller: what was sent, the attempt, and what is to become of the
 * file. A file that stays where it is is settled by it; one that is to leave gets the name that it leaves for on record first.
 */
export function conclude(file: Tried, store: UploadStore, nowMs: number): Leaving | Settled {
  const { verdict, record, job, startedMs } = file;
  const { records, attempts, settlements } = store;
  const { token } = job.lease;
  const attempt = (outcome: 'success' | 'failure' | 'interrupted', error?: string) => {
    if (startedMs !== undefined) attempts.add({ recordId: record.id, startedMs, outcome, error }, nowMs);
  };
  switch (verdict.is) {
    case 'sent':
      attempt('success');
      for (const object of verdict.objects) store.objects.sent(record.id, object.member, object.key, object);
      return conclusionOf(file, 'sent', undefined, store, nowMs);
    case 'failed':
      attempt('failure', verdict.reason);
      return conclusionOf(file, 'failed', verdict.reason, store, nowMs);
    case 'retry':
    case 'waits': {
      const { reason, runAtMs } = verdict;
      attempt('failure', reason);
      if (verdict.is === 'retry') records.retry(record.id);
      records.wait(record.id, reason, verdict.is === 'waits', nowMs);
      // It came back alive, so it is no suspect.
      const lane = laneOf(record.sizeBytes);
      settlements.delay(job.id, token, { runAtMs, reason, charged: false, nowMs, lane });
      return { file, is: 'waits', path: file.path };
    }
    case 'released':
      attempt('interrupted');
      settlements.release(job.id, token, nowMs);
      return { file, is: 'released', path: file.path };
  }
}

function conclusionOf(
  file: Tried,
  is: 'sent' | 'failed',
  reason: string | undefined,
  store: UploadStore,
  nowMs: number,
): Leaving | Settled {
  const { record, path } = file;
  const leaving = placeToLeaveFor(file, is);
  if (leaving === undefined) return settle(file, is, path, reason, store, nowMs);
  const to = record.outcome === undefined ? leaving.to : (record.nextPath ?? leaving.to);
  const outcome = is === 'sent' ? 'success' : 'failure';
  if (record.outcome === undefined)
    store.records.conclude(record.id, { outcome, reason, path, nextPath: to }, nowMs);
  return { ...file, is, reason, to, remove: leaving.remove };
}

/** Undefined: it stays where it is. */
function placeToLeaveFor(
  { plan, record, path }: Taken,
  is: 'sent' | 'failed',
): { to: BytePath; remove: boolean } | undefined {
  const { places, sink, filepath } = plan;
  if (places !== undefined) return { to: is === 'sent' ? places.completed : places.failed, remove: false };
  if (is === 'failed' || sink.after.do === 'keep') return undefined;
  if (sink.after.do === 'move')
    return { to: join(fromText(sink.after.directory), fromText(filepath)), remove: false };
  return { to: join(dirname(path), `.wharfinger-u${record.id}.src`), remove: true };
}

/** Ends the stay of a file that is at `path` for good, with its job, inside a transaction of the caller. */
export function settle(
  file: Tried | Leaving,
  is: 'sent' | 'failed',
  path: BytePath,
  reason: string | undefined,
  { records, settlements, totals, kept }: UploadStore,
  nowMs: number,
): Settled {
  const { record, job } = file;
  const { token } = job.lease;
  if (is === 'sent') {
    records.close(record.id, { state: 'completed', outcome: 'success', path }, nowMs);
    const { sink, sinkId, places, ledgerId } = file.plan;
    if (sink.after.do === 'keep' && places === undefined && ledgerId === undefined)
      kept.add({ path, sinkId, fingerprint: file.fingerprint });
    if (!settlements.passOn(job, token, nowMs)) settlements.complete(job.id, token);
    totals.addUploads({ files: 1, bytes: record.sizeBytes });
    return { file, is: 'completed', path };
  }
  records.close(record.id, { state: 'failed', outcome: 'failure', reason, path }, nowMs);
  if (!settlements.passOn(job, token, nowMs)) {
    settlements.rekey(job, token, path, nowMs);
    settlements.fail(job.id, token, reason ?? '', nowMs);
  }
  return { file, is: 'failed', path };
}

/** For a file whose name is taken where it is to go: it never takes another's. Its stay makes it the only one. */
export function withNumber(path: BytePath, recordId: number): BytePath {
  const name = basename(path);
  const dot = name.lastIndexOf('.');
  const cut = dot > 0 ? dot : name.length;
  const suffix = `.${recordId}`;
  const stem = name.slice(
    0,
    Math.max(1, Math.min(cut, NAME_MAX_BYTES - suffix.length - (name.length - cut))),
  );
  return join(dirname(path), `${stem}${suffix}${name.slice(cut)}`);
}

/** The longest name a Linux file system takes, in bytes. */
const NAME_MAX_BYTES = 255;
