import { type BigIntStats, closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import { EnvironmentError, errnoOf } from '../errors.ts';
import { type BytePath, basename, dirname, join, toBytes, toText } from '../fs/byte-path.ts';
import { makeDirectoryDurable } from '../fs/durable.ts';
import { lstatIfSeen } from '../fs/lstat.ts';
import { tryLock } from '../linux/flock.ts';
import type { CopyPoints } from './copy-points.ts';

/** Opening for reading alone makes the file just as well, and this descriptor is kept for the lock. */
const CREATE_FLAGS = constants.O_RDONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const WRITE_FLAGS = constants.O_WRONLY | constants.O_NOFOLLOW;

/** Nobody else reads a copy before it is whole and has its own mode. */
const CREATE_MODE = 0o600;

/** Of a name, in bytes. */
const NAME_MAX = 255;

/** Names and directories that somebody takes away again and again are an error after so many times. */
const ATTEMPTS = 16;

export type TemporaryContext = {
  /** The profile's directory in `incoming_tmp`: what is above the bucket's, and must be there. */
  root: BytePath;
  /** Directories below it that are known to be there; see `makeDirectoryDurable`. */
  known: Set<BytePath>;
  /** Eight hexadecimal digits, others at every call. */
  unique(): string;
  points: CopyPoints;
  lock?: (fd: number) => boolean;
};

/** A file in `incoming_tmp` whose lock this process has: nobody else renames or removes it. */
export type Temporary = {
  path: BytePath;
  /** Open for reading, with the lock; the last to be closed. */
  lockFd: number;
  /** Open for writing until `finish`. */
  writeFd: number;
};

/**
 * Makes a file at `wanted`, or at another name nearby where that is taken, locks it, and is then sure that it still has its name.
 *
 * @throws EnvironmentError where the file system has no locks, or refuses; as node:fs does where the name is at fault: ENAMETOOLONG, …
 */
export function createTemporary(wanted: BytePath, context: TemporaryContext): Temporary {
  const { root, known } = context;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const path = nameFor(wanted, attempt, context);
    try {
      makeDirectoryDurable(root, dirname(path), known);
      const made = createAt(path, context);
      if (made !== undefined) return made;
    } catch (error) {
      const errno = errnoOf(error);
      // A directory that was known to be there was empty, and taken away.
      if (errno === 'ENOENT') known.clear();
      // Taken by another copy; ENOTDIR: a copy's file has the name of a directory.
      else if (errno !== 'EEXIST' && errno !== 'ENOTDIR') throw error;
    }
  }
  throw new EnvironmentError(`no temporary file could be made for ${toText(wanted)}`, {
    code: 'copy.temporary',
    subject: toText(wanted),
    hint: 'something takes new files away from incoming_tmp at once; find out what',
  });
}

/** First the name itself; then others beside it; and last ones below the bucket, since a file may have the name of a directory there. */
function nameFor(wanted: BytePath, attempt: number, { root, unique }: TemporaryContext): BytePath {
  if (attempt === 0) return wanted;
  const suffix = `.${unique()}`;
  const name = `${basename(wanted).slice(0, NAME_MAX - suffix.length)}${suffix}`;
  const [bucket = ''] = wanted.slice(root.length + 1).split('/');
  return join(attempt % 2 === 1 ? dirname(wanted) : join(root, bucket), name);
}

/** @returns undefined where somebody who cleans up was faster than the lock */
function createAt(path: BytePath, { points, lock = tryLock }: TemporaryContext): Temporary | undefined {
  const lockFd = openSync(toBytes(path), CREATE_FLAGS, CREATE_MODE);
  try {
    points.reach('copy-in.created');
    const isLocked = lockOrExplain(lockFd, path, lock);
    points.reach('copy-in.locked');
    // From here on whoever cleans up leaves it alone; what they did before is seen now.
    if (isLocked && isStill(path, lockFd)) {
      const writeFd = openSync(toBytes(path), WRITE_FLAGS);
      return { path, lockFd, writeFd };
    }
    closeSync(lockFd);
    return undefined;
  } catch (error) {
    if (isStill(path, lockFd)) unlinkSync(toBytes(path));
    closeSync(lockFd);
    throw error;
  }
}

const UNSUPPORTED: ReadonlySet<string | undefined> = new Set([
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EINVAL',
  'ENOLCK',
  'EBADF',
]);

function lockOrExplain(fd: number, path: BytePath, lock: (fd: number) => boolean): boolean {
  try {
    return lock(fd);
  } catch (error) {
    const errno = errnoOf(error);
    if (!UNSUPPORTED.has(errno)) throw error;
    throw new EnvironmentError(`the file system of ${toText(path)} does not lock files (${errno})`, {
      code: 'copy.no-locks',
      op: 'flock',
      subject: toText(path),
      hint: 'put the server directory on a local disk; without locks a server that starts could not tell a copy in flight from one that died',
      cause: error,
    });
  }
}

/** Whether a name is the file of a descriptor. */
export function isStill(path: BytePath, fd: number): boolean {
  const named = lstatIfSeen(path);
  if (named === undefined) return false;
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return named.dev === dev && named.ino === ino;
}

/**
 * Its content is complete. From here on nobody has it open for writing, since a server takes no file that is.
 *
 * @returns what it is now
 */
export function finishTemporary({ writeFd, lockFd }: Temporary): BigIntStats {
  closeSync(writeFd);
  return fstatSync(lockFd, { bigint: true });
}

/** Removes it, and lets go of it. */
export function discardTemporary({ path, lockFd }: Temporary): void {
  if (isStill(path, lockFd)) unlinkSync(toBytes(path));
  closeSync(lockFd);
}
