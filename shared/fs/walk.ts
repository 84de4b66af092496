import { lstatSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { errnoOf } from '../errors.ts';
import { DirectoryReader, type EntryType } from '../linux/directory-reader.ts';
import { type BytePath, join, toBytes } from './byte-path.ts';

/** Symlinks, sockets, FIFOs and devices are `other`: links are not followed. */
export type WalkEntry = { path: BytePath; kind: 'file' | 'directory' | 'other' };

export type WalkOptions = {
  recursive: boolean;
  /** Hidden directories are given and entered as well. */
  everyName?: boolean;
  /** For a directory that a person named: it may be a symlink. Else that is ENOTDIR, as for all below it. */
  followLink?: boolean;
  signal?: AbortSignal;
  /** A directory that could not be read, or not to its end; the walk goes on without it. */
  onError: (error: unknown, directory: BytePath) => void;
  /**
   * Asked for each directory, `directory` itself as well, just before it is opened; false leaves it out. The
   * moment to add a watch.
   */
  enter?: (directory: BytePath) => boolean;
};

/** Entries of a batch, at least; one block of a directory more at most. */
const BATCH_ENTRIES = 1024;

/** Blocks read and directories opened between two turns of the event loop where they give few entries. */
const TURN_STEPS = 64;

/** Behind a path: what is opened is the directory itself, by whatever link the path leads to it. */
const THROUGH_LINK = '/.';

type Level = { path: BytePath; reader: DirectoryReader; subdirectories: string[] };

/**
 * Goes through `directory`, depth first, and gives what is in it in batches; hidden directories are neither
 * given nor entered unless asked for. Memory is bounded by the depth of the tree: each level holds one descriptor and the
 * names of the subdirectories of one block (64 KiB). The event loop turns between batches.
 *
 * A directory below that vanishes meanwhile, or becomes something else, is no error; `directory` itself
 * missing is. What comes or goes meanwhile may be given or not.
 *
 * @throws the signal's reason when aborted
 */
export async function* walk(
  directory: BytePath,
  options: WalkOptions,
): AsyncGenerator<WalkEntry[], void, undefined> {
  const { signal } = options;
  const levels: Level[] = [];
  let batch: WalkEntry[] = [];
  let steps = 0;
  try {
    descend(levels, directory, options, options.followLink === true ? THROUGH_LINK : '');
    for (;;) {
      signal?.throwIfAborted();
      const level = levels.at(-1);
      if (level === undefined) break;
      const name = level.subdirectories.pop();
      if (name !== undefined) descend(levels, join(level.path, name), options);
      else if (!readBlock(level, batch, options)) leave(levels);
      steps += 1;
      const isFull = batch.length >= BATCH_ENTRIES;
      if (isFull) {
        yield batch;
        batch = [];
      }
      if (isFull || steps % TURN_STEPS === 0) await setImmediate();
    }
    if (batch.length > 0) yield batch;
  } finally {
    while (levels.length > 0) leave(levels);
  }
}

function descend(levels: Level[], path: BytePath, { enter, onError }: WalkOptions, suffix = ''): void {
  if (enter?.(path) === false) return;
  try {
    const reader = new DirectoryReader((path + suffix) as BytePath);
    levels.push({ path, reader, subdirectories: [] });
  } catch (error) {
    const errno = errnoOf(error);
    // Removed meanwhile, or replaced by a file or a symlink.
    if (levels.length > 0 && (errno === 'ENOENT' || errno === 'ENOTDIR')) return;
    onError(error, path);
  }
}

const leave = (levels: Level[]): void => levels.pop()?.reader[Symbol.dispose]();

/** @returns false where there is nothing more in the directory */
function readBlock(
  level: Level,
  batch: WalkEntry[],
  { recursive, everyName = false, onError }: WalkOptions,
): boolean {
  try {
    return level.reader.readBlock((name, type) => {
      const path = join(level.path, name);
      const kind = type === 'unknown' ? lookUp(path) : type;
      if (kind === undefined) return;
      if (kind === 'directory') {
        if (!everyName && name.startsWith('.')) return;
        if (recursive) level.subdirectories.push(name);
      }
      batch.push({ path, kind });
    });
  } catch (error) {
    // An unlinked directory that is still open answers so.
    if (errnoOf(error) !== 'ENOENT') onError(error, level.path);
    return false;
  }
}

/** For file systems whose directories do not tell; undefined where the name is gone. */
function lookUp(path: BytePath): Exclude<EntryType, 'unknown'> | undefined {
  try {
    const stats = lstatSync(toBytes(path), { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    return stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other';
  } catch {
    // Whoever opens it meets the same error, and can say what it means.
    return 'file';
  }
}
