import { type BigIntStats, constants, lstatSync } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { EnvironmentError, errnoOf, UsageError, WharfingerError } from '../../errors.ts';
import { fingerprintOf } from '../../fs/fingerprint.ts';
import type { Content, DepositFacts } from '../staging/deposit.ts';
import { isOpenForWriting, linuxKernel } from './open-for-writing.ts';

export type PickupOptions = {
  /** The file stays where it is. */
  keep?: boolean;
};

/**
 * Deposits a file that somebody else has written, and removes it when the deposit is acknowledged. A file that a writer has open, before it is
 * read or after, or that changes while it is read, is not deposited; one that changes after that, is replaced by another, or is opened for
 * writing, is not removed. Writers are seen where the kernel can tell: see `isOpenForWriting`.
 *
 * @param deposit resolves when it is acknowledged
 * @throws UsageError `archive.pickup` for what is no regular file; EnvironmentError `archive.pickup` where the file cannot be opened or looked at,
 * `archive.pickup-left` where it was deposited and cannot be removed; WharfingerError `archive.pickup-open` where somebody writes to it, and nothing was
 * deposited, `archive.pickup-changed` where it was deposited and then changed, and stays; as `deposit` does
 */
export async function pickup(
  path: string,
  { keep = false }: PickupOptions,
  deposit: (content: Content, facts: DepositFacts) => Promise<void>,
  kernel = linuxKernel,
): Promise<void> {
  const file = await openFile(path);
  try {
    const found = await file.stat({ bigint: true });
    if (!found.isFile()) throw notAFile(path);
    const isWritten = (): boolean => isOpenForWriting(file.fd, kernel);
    if (isWritten()) throw openForWriting(path);
    const fingerprint = fingerprintOf(found);
    // Who has begun to write since the look above has it open still, or has changed its times.
    const isUnchanged = (): boolean => {
      try {
        if (isWritten()) throw openForWriting(path);
        return fingerprintAt(path) === fingerprint;
      } catch (error) {
        throw pickupFault(path, 'cannot be looked at', error);
      }
    };
    const content = { fd: file.fd, sizeBytes: Number(found.size) };
    await deposit(content, { mode: Number(found.mode), mtimeMs: mtimeMsOf(found), isUnchanged });
    if (!keep) await remove(path, { fingerprint, isWritten });
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
    // Somebody holds a lease of his own: a file server whose client writes.
    if (errno === 'EAGAIN') throw openForWriting(path, error);
    throw pickupFault(path, 'cannot be opened', error);
  }
}

/** After its deposit. Somebody else may have done it: two that pick up one file, say. */
async function remove(
  path: string,
  { fingerprint, isWritten }: { fingerprint: string; isWritten(): boolean },
): Promise<void> {
  try {
    const there = fingerprintAt(path);
    if (there === undefined) return;
    if (there !== fingerprint || isWritten()) throw changedAfter(path);
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw leftFault(path, error);
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
    hint: 'nothing was deposited; see that it is there, and that this user may read it',
    cause,
  });
}

function leftFault(path: string, cause: unknown): unknown {
  const errno = errnoOf(cause);
  if (errno === undefined) return cause;
  return new EnvironmentError(`${path} was deposited, but cannot be removed (${errno})`, {
    code: 'archive.pickup-left',
    op: 'pickup',
    subject: path,
    hint: 'it is safe in its archive; remove it, and see that this user may do so in its directory, or pick up with `keep`',
    cause,
  });
}

const openForWriting = (path: string, cause?: unknown): WharfingerError =>
  new WharfingerError(`${path} is open for writing`, {
    code: 'archive.pickup-open',
    op: 'pickup',
    subject: path,
    retryable: true,
    hint: 'nothing was deposited; close it wherever it is open, in this program too, and pick it up again',
    cause,
  });

const changedAfter = (path: string): WharfingerError =>
  new WharfingerError(
    `${path} was deposited as it was, but changed or was opened for writing before it could be removed, and stays`,
    {
      code: 'archive.pickup-changed',
      op: 'pickup',
      subject: path,
      hint: 'pick it up again when nobody writes to it: its other content becomes a version of its own',
    },
  );
