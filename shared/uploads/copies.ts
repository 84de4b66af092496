import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf, WharfingerError } from '../errors.ts';
import { type BytePath, dirname, fromText, join, toBytes } from '../fs/byte-path.ts';
import { makeDirectoryDurable } from '../fs/durable.ts';
import { preserveAttributes } from '../fs/preserve-attributes.ts';
import { copyContent } from './copy-content.ts';
import { atPlace, fileFault, nameTaken, unreadable } from './copy-faults.ts';
import { deliverCopies, type MoveContext, type Places, type Whole } from './copy-move.ts';
import type { CopyTarget } from './copy-records.ts';
import { contentOf, whatIsAt } from './copy-taken.ts';
import {
  createTemporary,
  discardTemporary,
  finishTemporary,
  type Temporary,
  type TemporaryContext,
} from './copy-temporary.ts';
import { pathInPlace, serverPlace } from './server-places.ts';

export type CopyContext = Omit<TemporaryContext, 'root'> &
  MoveContext & {
    serverDirectory: BytePath;
    /** Bytes of the file so far; less than before where it is copied anew. */
    onProgress?: (bytes: number) => void;
  };

/** A file to be copied. Only one that a person named is followed where it is a symlink. */
export type CopySource = { path: BytePath; followLink: boolean };

export type Copied = {
  /** `present`: a file of this name and content waited there already, and nothing was done. */
  outcome: 'copied' | 'replaced' | 'present';
  path: BytePath;
  sizeBytes: number;
  /** Of a file that was copied. */
  sha256: Buffer | undefined;
  /** The number of the record of a file that was copied. */
  record: number | undefined;
};

/**
 * Copies one file to `incoming_tmp`, for `deliverCopies` to move it to its place in `incoming`, where a server takes it. Nothing of it is
 * durable when this returns. Whenever the process dies between now and then, `incoming` has either the whole file or nothing of it.
 *
 * The protocol of `incoming_tmp`, which is shared with `removeDeadCopies`:
 *
 * 1. A copy creates its file there by O_EXCL, and at once takes its lock (flock) by the descriptor that created it. Only then it looks
 *    whether the name is still that file, and begins anew under another name where it is not, or where somebody else had the lock: who
 *    cleans up may have come between creation and lock. A file whose lock nobody has is nobody's.
 * 2. It is written through a descriptor of its own, which is closed before the rename: a server takes no file that anybody has open for
 *    writing. The lock does not count as such, as it was taken for reading.
 * 3. Data and attributes are durable, then its record says `incoming_tmp`, then it is renamed without replacing, then both directories are
 *    durable, then its record says `incoming`; the lock is let go last. Many small files take these steps together. It belongs to the inode and goes along with the rename, and the
 *    kernel drops it with the process, however that ends: there is no lease to renew, and no process number to mistake.
 * 4. Who cleans up opens a file, takes its lock without waiting, and leaves it where it cannot. With the lock in hand it removes the name
 *    only if that still is the file it locked: a copy that was renamed away in between let its lock go, and the name may be another
 *    copy's by now. Nobody gives or takes a name of a file that he has not locked, so that this answer holds until it is removed.
 * 5. Empty directories are removed too; a copy whose directory vanishes makes it again.
 *
 * @throws WharfingerError for a fault of this file alone; EnvironmentError where others would fare no better; the signal's reason
 */
export async function beginCopy(
  source: CopySource,
  target: CopyTarget,
  context: CopyContext,
): Promise<Whole | Copied> {
  const fd = openSource(source);
  try {
    return await copyOpen({ fd, path: source.path }, target, context);
  } finally {
    closeSync(fd);
  }
}

/** A file that is to be moved yet, and not one that was there already. */
export const isWhole = (begun: Whole | Copied): begun is Whole => 'temporary' in begun;

/** Both steps for one file: whole and durable in `incoming`, name and all, when this returns. Throws as they do. */
export async function copyIn(source: CopySource, target: CopyTarget, context: CopyContext): Promise<Copied> {
  const begun = await beginCopy(source, target, context);
  if (!isWhole(begun)) return begun;
  let end: Copied | WharfingerError | undefined;
  await deliverCopies([begun], context, (_, told) => {
    end = told;
  });
  if (end === undefined) throw new Error('a copy that was delivered has an end');
  if (end instanceof WharfingerError) throw end;
  return end;
}

/** Never blocking on a FIFO that took the place of a file. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

function openSource({ path, followLink }: CopySource): number {
  let fd: number;
  try {
    fd = openSync(toBytes(path), followLink ? OPEN_FLAGS : OPEN_FLAGS | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw unreadable(path, error);
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw fileFault(path, 'is no regular file any more', 'copy it again');
}

async function copyOpen(
  source: { fd: number; path: BytePath },
  target: CopyTarget,
  context: CopyContext,
): Promise<Whole | Copied> {
  const { serverDirectory, signal } = context;
  const at = {
    profile: fromText(target.profile),
    bucket: fromText(target.bucket),
    key: fromText(target.key),
  };
  const places = {
    next: pathInPlace(serverDirectory, 'incoming', at),
    root: rootIn(serverDirectory, 'incoming', target),
    target,
  };
  const content = contentOf(source.fd, signal);
  const found = await whatIsAt(places.next, content, signal);
  if (found === 'same') {
    const sizeBytes = Number(content.sizeBytes);
    return { outcome: 'present', path: places.next, sizeBytes, sha256: undefined, record: undefined };
  }
  if (found === 'directory' || (found === 'other' && !context.force)) throw nameTaken(places.next, found);
  // Before the content, which may be large, rather than after it.
  atPlace(places.next, () => makeDirectoryDurable(places.root, dirname(places.next), context.known));
  const wanted = pathInPlace(serverDirectory, 'incoming_tmp', at);
  const root = rootIn(serverDirectory, 'incoming_tmp', target);
  const temporary = atPlace(wanted, () => createTemporary(wanted, { ...context, root }));
  return await fill(source, temporary, places, context);
}

async function fill(
  source: { fd: number; path: BytePath },
  temporary: Temporary,
  places: Places,
  { signal, onProgress }: CopyContext,
): Promise<Whole> {
  let isWriting = true;
  try {
    const { sha256, stats } = await copyContent(
      source,
      { fd: temporary.writeFd, path: temporary.path },
      { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) },
    );
    return atPlace(temporary.path, () => {
      preserveAttributes(source.fd, temporary.writeFd, stats);
      isWriting = false;
      return { temporary, places, sha256, stats: finishTemporary(temporary) };
    });
  } catch (error) {
    if (isWriting) closeSync(temporary.writeFd);
    discardTemporary(temporary);
    throw error;
  }
}

const rootIn = (
  serverDirectory: BytePath,
  place: 'incoming' | 'incoming_tmp',
  { profile }: CopyTarget,
): BytePath => join(serverPlace(serverDirectory, place), fromText(profile));
