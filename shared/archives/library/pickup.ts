import { type BigIntStats, constants, lstatSync } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { EnvironmentError, errnoOf, UsageError, WharfingerError } from '../../errors.ts';
import { fingerprintOf } from '../../fs/fingerprint.ts';
import type { Content, DepositFacts } from '../staging/deposit.ts';

export type PickupOptions = {
  /** The file stays where it is. */
  keep?: boolean;
};

/**
 * Deposits a file that somebody else has written, and removes it when the deposit is acknowledged. A file that changes while it is read is not
 * deposited; one that changes after that, or is replaced by another, is not removed.
 *
 * @param deposit resolves when it is acknowledged
 * @throws UsageError `archive.pickup` for what is no regular file; EnvironmentError `archive.pickup` where the file cannot be opened or removed; WharfingerError
 * `archive.pickup-changed` where it was deposited and then changed, and stays; as `deposit` does
 */
export async function pickup(
  path: string,
  { keep = false }: PickupOptions,
  deposit: (content: Content, facts: DepositFacts) => Promise<void>,
): Promise<void> {
  const file = await openFile(path);
  try {
    const found = await file.stat({ bigint: true });
    if (!found.isFile()) throw notAFile(path);
    const fingerprint = fingerprintOf(found);
    const isUnchanged = (): boolean => fingerprintAt(path) === fingerprint;
    const content = { fd: file.fd, sizeBytes: Number(found.size) };
    await deposit(content, { mode: Number(found.mode), mtimeMs: mtimeMsOf(found), isUnchanged });
    if (keep) return;
    if (!isUnchanged()) throw changedAfter(path);
    await removeFile(path);
  } finally {
    await file.close();
  }
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A fifo without writer would hold up the open, and one of a link would be of another file than is removed. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ELOOP' || errno === 'ENXIO') throw notAFile(path, error);
    throw pickupFault(path, 'cannot be opened', error);
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw pickupFault(path, 'was deposited, but cannot be removed', error);
  }
}

/** Of what has the name now: undefined where nothing has. */
function fingerprintAt(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : fingerprintOf(stats);
}

const mtimeMsOf = ({ mtimeNs }: BigIntStats): number => Math.floor(Number(mtimeNs / 1000n) / 1000);

const notAFile = (path: string, cause?: unknown): UsageError =>
  new UsageError(`${path} is not a regular file`, {
    code: 'archive.pickup',
    op: 'pickup',
    subject: path,
    hint: 'links, directories, fifos and devices are not picked up',
    cause,
  });

function pickupFault(path: string, wrong: string, cause: unknown): unknown {
  const errno = errnoOf(cause);
  if (errno === undefined) return cause;
  return new EnvironmentError(`${path} ${wrong} (${errno})`, {
    code: 'archive.pickup',
    op: 'pickup',
    subject: path,
    hint: 'see that this user may read it, and remove it from its directory',
    cause,
  });
}

const changedAfter = (path: string): WharfingerError =>
  new WharfingerError(`${path} was deposited as it was, but changed before it could be removed, and stays`, {
    code: 'archive.pickup-changed',
    op: 'pickup',
    subject: path,
    hint: 'pick it up again when nobody writes to it: its other content becomes a version of its own',
  });
