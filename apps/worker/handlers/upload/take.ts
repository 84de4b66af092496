import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, dirname, isWithin, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { fingerprintOf, unsigned } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { createdAt, type FileRecord } from '../../../../shared/uploads/file-record.ts';
import { assertHeld } from '../../fence.ts';
import { hasMark } from '../ingest/mark.ts';
import { type Accepted, type Ended, ended, isEnded, type Outcome, type Step, type Taken } from './stay.ts';
import type { UploadStore } from './store.ts';

/** Never through a symlink, never blocking on a FIFO. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file that is open for writing, or whose name another one has in hand, is looked at again after this. */
const SOON_MS = 1_000;
/** At the latest, however long the other one waits. */
const LATER_MS = 60_000;

export type TakeContext = {
  store: UploadStore;
  clock: Clock;
  crash: CrashPoints;
  /** Takes over a descriptor, to be closed when the batch is done. */
  opened(fd: number): void;
};

/** A file that is open and is the one that it should be, before its stay is recorded. */
type Open = Accepted & { fd: number; stats: BigIntStats; path: BytePath };

/**
 * Opens each file and records its stay, all of a batch in one transaction: durable before anything is moved or sent. A file that is moved
 * while it is in hand has its job under its new name from then on, so that a new file of its old name is another job.
 *
 * What comes back stands at `path`; the move, where there is one, is `moveIn`'s.
 */
export function takeFiles(files: readonly Accepted[], context: TakeContext): (Taken | Ended)[] {
  const opened = files.map((file) => open(file, context));
  const { store, clock, crash } = context;
  if (opened.every(isEnded)) return opened.filter(isEnded);
  const nowMs = clock.nowMs();
  const taken = writeTransaction(store.state, () =>
    opened.map((file) => {
      if (isEnded(file)) return file;
      // Whoever was frozen since the claim must not begin the stay of a file that another has finished with.
      assertHeld(file, context);
      return record(file, context, nowMs);
    }),
  );
  crash.reach('upload.recorded');
  return taken;
}

function open(file: Accepted, context: TakeContext): Step<Open> {
  const { job, record } = file;
  // What was in the middle of a move is under one of two names.
  const names = [record?.nextPath, record?.path, job.key].filter((name) => name !== undefined);
  for (const path of new Set(names)) {
    const step = openAt(path, file, context);
    if (step !== undefined) return step;
  }
  return awayWith(file, context) ?? ended(file, { end: 'vanished' });
}

/** A file of the warehouse that is not seen because its file system is not there. */
function awayWith(file: Accepted, { store, clock }: TakeContext): Ended | undefined {
  const { job, plan } = file;
  const warehouse = plan.ledgerId === undefined ? undefined : store.routes.byId(plan.routeId)?.warehouse;
  if (warehouse === undefined) return undefined;
  // One that uploads its files has none.
  if (warehouse === '' || !isWithin(warehouse, job.key)) {
    if (lstatIfThere(dirname(job.key)) !== undefined) return undefined;
    const reason = `the directory of ${toText(job.key)} is not there: mount its file system, then retry this job`;
    return ended(file, { end: 'failed', reason });
  }
  if (hasMark(warehouse)) return undefined;
  const reason = `the warehouse ${toText(warehouse)} is not there, or has lost its mark: mount its file system`;
  return ended(file, waitsFor(reason, clock.nowMs() + LATER_MS));
}

/** @returns undefined where the file is not under this name */
function openAt(path: BytePath, file: Accepted, context: TakeContext): Step<Open> | undefined {
  let fd: number;
  try {
    fd = openSync(toBytes(path), OPEN_FLAGS);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    // Somebody has leased it: a file server whose client writes.
    if (errno === 'EAGAIN') return ended(file, beingWritten(path));
    if (errno === 'ELOOP') return ended(file, { end: 'failed', reason: 'it is a symbolic link' });
    return ended(file, { end: 'failed', reason: `it cannot be opened (${errno}); let this user read it` });
  }
  const stats = fstatSync(fd, { bigint: true });
  if (file.record !== undefined && !isInode(stats, file.record)) {
    closeSync(fd);
    return undefined;
  }
  context.opened(fd);
  const obstacle = obstacleTo(file, path, fd, stats);
  return obstacle === undefined ? { ...file, fd, stats, path } : ended(file, obstacle);
}

const isInode = (stats: BigIntStats, { device, inode }: FileRecord): boolean =>
  unsigned(stats.dev) === device && unsigned(stats.ino) === inode;

function obstacleTo(
  { job, record, isAgain }: Accepted,
  path: BytePath,
  fd: number,
  stats: BigIntStats,
): Outcome | undefined {
  if (!stats.isFile()) return { end: 'failed', reason: 'it is no regular file' };
  // Nothing of it is read any more; it only leaves, and that looks for writers by itself.
  if (record?.outcome !== undefined) return undefined;
  // Once it was moved its ctime is another.
  const isAsJudged = record !== undefined || isAgain || job.fingerprint === undefined;
  if (!isAsJudged && fingerprintOf(stats) !== job.fingerprint)
    return { end: 'candidate', waitsFor: 'stability', why: 'it changed after it was judged complete', path };
  return hasOpenWriter(fd) === 'yes' ? beingWritten(path) : undefined;
}

const beingWritten = (path: BytePath): Outcome => ({
  end: 'candidate',
  waitsFor: 'writer',
  why: 'a program has it open for writing',
  path,
});

/** The stay of an open file: begun, or gone on with. */
function record(file: Open, { store, clock }: TakeContext, nowMs: number): Taken | Ended {
  const { job, plan, fd, path, stats } = file;
  const fingerprint = fingerprintOf(stats);
  const processing = plan.places?.processing;
  const isThere = processing === undefined || path === processing;
  const isConcluded = file.record?.outcome !== undefined;
  if (!isThere && !isConcluded) {
    const blocked = occupied(file, processing, store, nowMs);
    if (blocked !== undefined) return blocked;
  }
  const nextPath = isThere ? undefined : processing;
  const before = file.record ?? adoptable(file, store);
  if (before !== undefined && before.jobId !== undefined && before.jobId !== job.id)
    return ended(file, waitsFor('it is on its way under another name', clock.nowMs() + SOON_MS));
  if (before === undefined) {
    const added = store.records.addInHand(newRecord(file, nextPath), nowMs, job.enqueuedMs);
    // Here, because a question inside a transaction costs a tenth of one that is alone.
    const fresh = { isReplacing: store.objects.lastSent(plan.bucket.id, plan.key) !== undefined };
    return { job, plan, fd, path, record: added, fingerprint, fresh };
  }
  if (before.jobId === undefined)
    store.records.adopt(before.id, { jobId: job.id, sinkId: plan.sinkId, bucketId: plan.bucket.id });
  if (!isConcluded) {
    const { size, mtimeNs } = stats;
    store.records.begin(before, { path, nextPath, sizeBytes: Number(size), mtimeNs }, nowMs);
  }
  const record = store.records.byId(before.id) ?? before;
  return { job, plan, fd, path, record, fingerprint, fresh: undefined };
}

/** Its job gets the name that the file is about to get; where another has that, this one waits. */
function occupied(file: Open, processing: BytePath, store: UploadStore, nowMs: number): Ended | undefined {
  const { job } = file;
  const why = 'an earlier file of this name is still on its way';
  if (job.key === processing) return undefined;
  if (lstatIfThere(processing) !== undefined) return ended(file, waitsFor(why, nowMs + SOON_MS));
  const other = store.settlements.rekey(job, job.lease.token, processing, nowMs);
  if (other === undefined) return undefined;
  const againMs = Math.min(Math.max(other.runAtMs, nowMs + SOON_MS), nowMs + LATER_MS);
  return ended(file, waitsFor(why, againMs));
}

const waitsFor = (reason: string, runAtMs: number): Outcome => ({
  end: 'delayed',
  reason,
  runAtMs,
  forBucket: false,
});

/** A stay that `copy` began, or that an earlier job of this very file did. */
function adoptable({ stats, plan }: Open, { records }: UploadStore): FileRecord | undefined {
  if (plan.ledgerId !== undefined) return undefined;
  const found = records.openOfInode(unsigned(stats.dev), unsigned(stats.ino));
  if (found === undefined) return undefined;
  const { bucket, filepath } = plan;
  const isSame =
    found.profile === bucket.profile &&
    found.bucket === bucket.bucket &&
    found.filepath === filepath &&
    found.createdAt === createdAt(stats);
  return isSame ? found : undefined;
}

const newRecord = ({ job, plan, path, stats }: Open, nextPath: BytePath | undefined) => ({
  profile: plan.bucket.profile,
  bucket: plan.bucket.bucket,
  filepath: plan.filepath,
  createdAt: createdAt(stats),
  state: 'processing' as const,
  bucketId: plan.bucket.id,
  sinkId: plan.sinkId,
  jobId: job.id,
  path,
  nextPath,
  device: unsigned(stats.dev),
  inode: unsigned(stats.ino),
  sizeBytes: Number(stats.size),
  mtimeNs: stats.mtimeNs,
  ledgerId: plan.ledgerId,
});
