import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { type BytePath, dirname, fromText } from '../../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { serverPlace } from '../../../../shared/uploads/server-places.ts';
import type { Directories } from '../../directories.ts';
import { assertHeld, type Fence } from '../../fence.ts';
import { conclude, type Leaving, type Settled, settle } from './conclude.ts';
import { LOOK_AGAIN_MS } from './gate.ts';
import { type Left, leave } from './leave.ts';
import { addCandidate } from './settle-ended.ts';
import type { Tried } from './stay.ts';
import type { UploadStore } from './store.ts';

export type FinishContext = {
  store: UploadStore;
  clock: Clock;
  crash: CrashPoints;
  logger: Logger;
  fence: Fence;
  directories: Directories;
};

/**
 * Finishes files that were tried, a group at a time: records what came of each (one transaction, durable), moves those away that are to
 * leave, makes that durable, and settles them (another transaction). A file whose lease is lost is left to its next holder, wherever it
 * stands.
 */
export function finish(files: readonly Tried[], context: FinishContext): Settled[] {
  const { store, clock, crash, directories } = context;
  const [first] = files;
  if (first === undefined) return [];
  const { token } = first.job.lease;
  const concluded = writeTransaction(store.state, () => {
    const held = store.settlements.heldBy(token);
    return files.flatMap((file) => (held.has(file.job.id) ? [conclude(file, store, clock.nowMs())] : []));
  });
  crash.reach('upload.concluded');
  const settled = concluded.filter(isSettled);
  const leaving = concluded.filter(isLeaving);
  if (leaving.length === 0) return settled;
  const left = leaving.map((file) => ({ file, left: leave(file, leaveContextOf(context)) }));
  const refused = directories.sync();
  crash.reach('upload.out-durable');
  const after = writeTransaction(store.state, () => {
    const held = store.settlements.heldBy(token);
    return left.flatMap((each) =>
      held.has(each.file.job.id) ? [settleLeft(notDurable(each, refused), context)] : [],
    );
  });
  crash.reach('upload.settled');
  return [...settled, ...after];
}

const isSettled = (file: Leaving | Settled): file is Settled => 'file' in file;
const isLeaving = (file: Leaving | Settled): file is Leaving => !isSettled(file);

const leaveContextOf = (context: FinishContext) => ({
  ...context,
  againMs: context.clock.nowMs() + LOOK_AGAIN_MS,
  rootOf,
  redirect: (file: Leaving, to: BytePath): void => {
    writeTransaction(context.store.state, () => {
      assertHeld(file, context);
      context.store.records.redirect(file.record.id, to);
    });
  },
});

/** What must be there, and is never made: it may be the mount point of a file system that is away. */
export function rootOf({ plan, is, path }: Pick<Leaving, 'plan' | 'is' | 'path'>): BytePath {
  const { to, after } = plan.sink;
  if (to.by === 'path') return serverPlace(fromText(to.directory), is === 'sent' ? 'completed' : 'failed');
  return after.do === 'move' ? fromText(after.directory) : dirname(path);
}

type Each = { file: Leaving; left: Left };

/** What moved in or out of a directory that could not be synced is not known to be durable: it is looked at again later. */
function notDurable({ file, left }: Each, refused: ReadonlyMap<BytePath, unknown>): Each {
  const isRefused = refused.has(dirname(file.path)) || refused.has(dirname(file.to));
  return isRefused ? { file, left: { refused: 'EIO' } } : { file, left };
}

function settleLeft({ file, left }: Each, { store, clock, logger }: FinishContext): Settled {
  const nowMs = clock.nowMs();
  const { job, record, is, reason, remove, path } = file;
  if ('refused' in left) {
    const why = `it was ${is === 'sent' ? 'uploaded' : 'given up'}, and cannot be moved away (${left.refused})`;
    // Why it failed is what its stay is to tell in the end; its job tells what it waits for.
    store.records.wait(record.id, reason ?? why, false, nowMs);
    const runAtMs = nowMs + LOOK_AGAIN_MS;
    store.settlements.delay(job.id, job.lease.token, { runAtMs, reason: why, charged: false, nowMs });
    return { file, is: 'waits', path };
  }
  if ('changed' in left) {
    const settled = settle(file, 'sent', left.changed, undefined, store, nowMs);
    addCandidate({ path: left.changed, routeId: file.plan.routeId, waitsFor: 'writer' }, store, nowMs);
    logger.warn({
      event: 'file.put_back',
      source: left.changed,
      reason: 'it was written to after it was uploaded',
    });
    return settled;
  }
  return settle(file, is, remove ? record.path : left.at, reason, store, nowMs);
}
