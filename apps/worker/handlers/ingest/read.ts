import { type BigIntStats, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf } from '../../../../shared/errors.ts';
import { toBytes } from '../../../../shared/fs/byte-path.ts';
import { fingerprintOf, unsigned } from '../../../../shared/fs/fingerprint.ts';
import { type FileHash, hashLarge, type SmallFileHasher } from '../../../../shared/fs/hash-file.ts';
import type { ReadContent } from '../../../../shared/ledger/ledger.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import { readAheadHint } from '../../../../shared/linux/read-ahead.ts';
import { SMALL_FILE_BYTES } from '../../../../shared/queue/lanes.ts';
import { type Accepted, type Ended, ended, type Outcome, type ReadFile, type Step } from './custody.ts';
import { isMachineFault, meaningOf } from './faults.ts';
import { checkSidecar, readSidecar, type SidecarText } from './sidecar.ts';

/** Never through a symlink, never blocking on a FIFO. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export type Reading = {
  hasher: SmallFileHasher;
  /** Aborts at an ordered stop, or when the lease is lost. */
  signal: AbortSignal;
  /** When an attempt that failed at reading may be made again. */
  retryAtMs(attempts: number): number;
  maxAttempts: number;
  /** Takes over a descriptor, to be closed when the batch is done. */
  opened(fd: number): void;
};

/** A file that is open, and is still the one that was judged complete. */
export type OpenFile = Accepted & { fd: number; stats: BigIntStats };

/** Opens a job's file, and has the kernel fetch a small one. The descriptor stays open, so that what is placed can be compared with what was read. */
export function openFile(file: Accepted, reading: Reading): Step<OpenFile> {
  let fd: number;
  try {
    fd = openSync(toBytes(file.job.key), OPEN_FLAGS);
  } catch (error) {
    return ended(file, openFailure(file, error, reading));
  }
  reading.opened(fd);
  try {
    const stats = fstatSync(fd, { bigint: true });
    const obstacle = obstacleTo(file, stats);
    if (obstacle !== undefined) return ended(file, obstacle);
    if (isSmall(stats)) readAheadHint(fd, Number(stats.size));
    return { ...file, fd, stats };
  } catch (error) {
    return refused(file, error, reading);
  }
}

/** Reads an open file once: unchanged since it was judged complete, and nobody writing. Small files are read when it returns. */
export function readFile(file: OpenFile, reading: Reading): Step<ReadFile> | Promise<Step<ReadFile>> {
  return isSmall(file.stats) ? readSmall(file, reading) : readLarge(file, reading);
}

const isSmall = ({ size }: BigIntStats): boolean => size <= SMALL_FILE_BYTES;

function readSmall(file: OpenFile, reading: Reading): Step<ReadFile> {
  try {
    const sidecar = readSidecar(file.job);
    if ('end' in sidecar) return ended(file, sidecar);
    const { fd, stats } = file;
    return conclude(file, sidecar, reading.hasher.hash(fd, Number(stats.size), hashesFor(sidecar)));
  } catch (error) {
    return refused(file, error, reading);
  }
}

async function readLarge(file: OpenFile, reading: Reading): Promise<Step<ReadFile>> {
  try {
    const sidecar = readSidecar(file.job);
    if ('end' in sidecar) return ended(file, sidecar);
    const { signal } = reading;
    return conclude(file, sidecar, await hashLarge(file.fd, { signal, ...hashesFor(sidecar) }));
  } catch (error) {
    return refused(file, error, reading);
  }
}

const hashesFor = ({ expected }: SidecarText) => ({ withMd5: expected?.algorithm === 'md5' });

/** What a file that was read to its end is worth. */
function conclude(file: OpenFile, sidecar: SidecarText, hash: FileHash): Step<ReadFile> {
  const { job, route, fd, stats } = file;
  const { size, mtimeNs, ctimeNs } = fstatSync(fd, { bigint: true });
  if (size !== stats.size || mtimeNs !== stats.mtimeNs || ctimeNs !== stats.ctimeNs)
    return ended(file, back(file, 'stability', 'it changed while it was read'));
  // Only now: whoever has opened it before has it open still, or has left a trace in its times.
  if (hasOpenWriter(fd) === 'yes') return ended(file, back(file, 'writer', 'it is open for writing'));
  if (BigInt(hash.bytes) !== stats.size)
    return ended(file, back(file, 'stability', 'its size changed while it was read'));
  const mismatch = checkSidecar(job, sidecar, hash);
  if (mismatch !== undefined) return ended(file, mismatch);
  return { job, route, fd, content: contentOf(stats, hash.sha256), sidecar: sidecar.sidecar };
}

function refused(file: Accepted, error: unknown, reading: Reading): Ended {
  if (reading.signal.aborted) return ended(file, { end: 'released' });
  if (errnoOf(error) === undefined) throw error;
  return ended(file, readFailure(file, error, reading));
}

/** Why a file is not to be taken now, if it is not. */
function obstacleTo(file: Accepted, stats: BigIntStats): Outcome | undefined {
  if (!stats.isFile()) return { end: 'failed', reason: 'it is not a regular file' };
  if (BigInt.asIntN(64, stats.mtimeNs) !== stats.mtimeNs)
    return {
      end: 'failed',
      reason: 'its date is not between the years 1678 and 2262: give it another, as with touch',
    };
  if (fingerprintOf(stats) !== file.job.fingerprint)
    return back(file, 'stability', 'it changed after it was seen complete');
  return undefined;
}

const back = ({ job }: Accepted, waitsFor: 'stability' | 'writer', why: string): Outcome => ({
  end: 'candidate',
  waitsFor,
  path: job.key,
  putBack: false,
  why,
});

export const contentOf = (stats: BigIntStats, sha256: Buffer): ReadContent => ({
  sha256,
  device: unsigned(stats.dev),
  inode: unsigned(stats.ino),
  sizeBytes: Number(stats.size),
  mtimeNs: stats.mtimeNs,
  ctimeNs: stats.ctimeNs,
});

function openFailure(file: Accepted, error: unknown, reading: Reading): Outcome {
  switch (errnoOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { end: 'vanished' };
    case 'ELOOP':
      return { end: 'failed', reason: 'it has become a symlink; only regular files are taken' };
    case 'ENXIO':
    case 'ENODEV':
      return { end: 'failed', reason: 'it is not a regular file' };
    case 'EACCES':
    case 'EPERM':
      return { end: 'failed', reason: `it cannot be read: ${meaningOf(error)}` };
    case undefined:
      throw error;
    default:
      return readFailure(file, error, reading);
  }
}

/** Tried again a few times: devices and network file systems do recover. What the machine lacks is not charged to the file. */
function readFailure({ job }: Accepted, error: unknown, { maxAttempts, retryAtMs }: Reading): Outcome {
  const reason = `it cannot be read: ${meaningOf(error)}`;
  if (isMachineFault(error)) return { end: 'delayed', reason, runAtMs: retryAtMs(1), charged: false };
  if (job.attempts >= maxAttempts) return { end: 'failed', reason: `${reason}, at attempt ${job.attempts}` };
  return { end: 'delayed', reason, runAtMs: retryAtMs(job.attempts), charged: true };
}
