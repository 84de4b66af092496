import { closeSync, constants, fstatSync, openSync, rmdirSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { type BytePath, dirname, relativeTo, toBytes } from '../fs/byte-path.ts';
import { fsyncDirectory } from '../fs/durable.ts';
import { walk } from '../fs/walk.ts';
import { tryLock } from '../linux/flock.ts';
import { hasOpenWriter } from '../linux/open-writer.ts';
import type { CopyPoints } from './copy-points.ts';
import { isStill } from './copy-temporary.ts';
import { serverPlace } from './server-places.ts';

export type CleaningContext = {
  points: CopyPoints;
  removed(path: BytePath): void;
  /** It stays, and why, in words that complete "is left: ". */
  left(path: BytePath, why: string): void;
  lock?: (fd: number) => boolean;
};

/** Never through a symlink, never blocking on a FIFO. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What `prepareServer` makes for a moment, and no copy does: another one may be in the middle of it. */
const PROBE = /^\.wharfinger-\d+\.probe$/;

/** `<profile>/<bucket>`: those directories stay. */
const BUCKET_DEPTH = 2;

/**
 * Empties `incoming_tmp` of all that no live copy owns, by the protocol of `copyIn`: each file whose lock can be had goes, and what nobody
 * can lock (links, sockets) as well; files that are locked, that somebody has open for writing, or that may not be opened stay. Then
 * directories below the buckets' that are empty go. Safe to run at any time and from several processes at once; what is done twice is done once.
 */
export async function removeDeadCopies(serverDirectory: BytePath, context: CleaningContext): Promise<void> {
  const root = serverPlace(serverDirectory, 'incoming_tmp');
  const directories: BytePath[] = [];
  const touched = new Set<BytePath>();
  const entries = walk(root, {
    recursive: true,
    everyName: true,
    onError: (error, path) => {
      if (errnoOf(error) !== 'ENOENT') context.left(path, refused(error));
    },
  });
  for await (const batch of entries) {
    for (const { path, kind } of batch) {
      if (kind === 'directory') directories.push(path);
      else if (!PROBE.test(relativeTo(root, path)) && clear(path, kind, context)) {
        touched.add(dirname(path));
        context.removed(path);
        context.points.reach('copy-in.clean-removed');
      }
    }
  }
  for (const directory of directories.reverse())
    if (relativeTo(root, directory).split('/').length > BUCKET_DEPTH) removeIfEmpty(directory, touched);
  for (const directory of touched) syncNames(directory);
}

/** @returns whether it was removed by this call */
function clear(path: BytePath, kind: 'file' | 'other', context: CleaningContext): boolean {
  try {
    return kind === 'other' ? remove(path) : clearFile(path, context);
  } catch (error) {
    context.left(path, refused(error));
    return false;
  }
}

function clearFile(path: BytePath, { points, left, lock = tryLock }: CleaningContext): boolean {
  const fd = openIfThere(path);
  if (fd === undefined) return false;
  try {
    points.reach('copy-in.clean-opened');
    if (!lock(fd)) {
      left(path, 'a copy has it in hand');
      return false;
    }
    points.reach('copy-in.clean-locked');
    // Renamed by its copy before this had the lock.
    if (!isStill(path, fd)) return false;
    if (fstatSync(fd).isFile() && hasOpenWriter(fd) === 'yes') {
      left(path, 'a program has it open for writing');
      return false;
    }
    return remove(path);
  } finally {
    closeSync(fd);
  }
}

function openIfThere(path: BytePath): number | undefined {
  try {
    return openSync(toBytes(path), OPEN_FLAGS);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function remove(path: BytePath): boolean {
  try {
    unlinkSync(toBytes(path));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** A copy that is about to need it makes it again. */
function removeIfEmpty(directory: BytePath, touched: Set<BytePath>): void {
  try {
    rmdirSync(toBytes(directory));
    touched.delete(directory);
    touched.add(dirname(directory));
  } catch (error) {
    // Not empty, or gone; any other refusal does no harm here.
    if (errnoOf(error) === undefined) throw error;
  }
}

function syncNames(directory: BytePath): void {
  try {
    fsyncDirectory(directory);
  } catch (error) {
    // What is not durably removed is removed at the next start.
    if (errnoOf(error) === undefined) throw error;
  }
}

/** @throws what is no system call's error */
function refused(error: unknown): string {
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  return `it cannot be opened, locked or removed (${errno})`;
}
