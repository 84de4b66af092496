import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf } from '../../../../shared/errors.ts';
import { toBytes } from '../../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../../shared/fs/fingerprint.ts';
import { type FileHash, hashLarge, type SmallFileHasher } from '../../../../shared/fs/hash-file.ts';
import type { ReadContent } from '../../../../shared/ledger/ledger.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import { SMALL_FILE_BYTES } from '../../../../shared/queue/lanes.ts';
import { type Accepted, ended, type Outcome, type ReadFile, type Step } from './custody.ts';
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
};

/**
 * Opens a job's file and reads it once: unchanged since it was judged complete, nobody writing, before and after. The
 * descriptor stays open, so that what is placed later can be compared with what was read.
 */
export async function readFile(file: Accepted, reading: Reading): Promise<Step<ReadFile>> {
  let fd: number;
  try {
    fd = openSync(toBytes(file.job.key), OPEN_FLAGS);
  } catch (error) {
    return ended(file, openFailure(file, error, reading));
  }
  try {
    const read = await readOpen(file, fd, reading);
    if (!('end' in read)) return { ...file, fd, ...read };
    closeSync(fd);
    return ended(file, read);
  } catch (error) {
    closeSync(fd);
    if (reading.signal.aborted) return ended(file, { end: 'released' });
    if (errnoOf(error) === undefined) throw error;
    return ended(file, readFailure(file, error, reading));
  }
}

type Read = Pick<ReadFile, 'content' | 'sidecar'>;

async function readOpen(file: Accepted, fd: number, reading: Reading): Promise<Read | Outcome> {
  const { job } = file;
  const stats = fstatSync(fd, { bigint: true });
  const obstacle = obstacleTo(file, fd, stats);
  if (obstacle !== undefined) return obstacle;

  const sidecar = readSidecar(job);
  if ('end' in sidecar) return sidecar;

  const hash = await hashOf(fd, stats, sidecar, reading);
  const changed = obstacleTo(file, fd, fstatSync(fd, { bigint: true }));
  if (changed !== undefined) return changed;
  if (BigInt(hash.bytes) !== stats.size) return back(file, 'stability', 'its size changed while it was read');

  const mismatch = checkSidecar(job, sidecar, hash);
  return mismatch ?? { content: contentOf(stats, hash.sha256), sidecar: sidecar.sidecar };
}

/** Why a file is not to be taken now, if it is not. */
function obstacleTo(file: Accepted, fd: number, stats: BigIntStats): Outcome | undefined {
  if (!stats.isFile()) return { end: 'failed', reason: 'it is not a regular file' };
  if (BigInt.asIntN(64, stats.mtimeNs) !== stats.mtimeNs)
    return {
      end: 'failed',
      reason: 'its date is not between the years 1678 and 2262: give it another, as with touch',
    };
  if (fingerprintOf(stats) !== file.job.fingerprint)
    return back(file, 'stability', 'it changed after it was seen complete');
  if (hasOpenWriter(fd) === 'yes') return back(file, 'writer', 'it is open for writing');
  return undefined;
}

const back = ({ job }: Accepted, waitsFor: 'stability' | 'writer', why: string): Outcome => ({
  end: 'candidate',
  waitsFor,
  path: job.key,
  putBack: false,
  why,
});

function hashOf(
  fd: number,
  stats: BigIntStats,
  sidecar: SidecarText,
  { hasher, signal }: Reading,
): FileHash | Promise<FileHash> {
  const sizeBytes = Number(stats.size);
  const withMd5 = sidecar.expected?.algorithm === 'md5';
  return sizeBytes <= SMALL_FILE_BYTES
    ? hasher.hash(fd, sizeBytes, { withMd5 })
    : hashLarge(fd, { signal, withMd5 });
}

export const contentOf = (stats: BigIntStats, sha256: Buffer): ReadContent => ({
  sha256,
  device: stats.dev,
  inode: stats.ino,
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
