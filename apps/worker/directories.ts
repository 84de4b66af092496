import { errnoOf } from '../../shared/errors.ts';
import { type BytePath, dirname } from '../../shared/fs/byte-path.ts';
import { fsyncDirectory, makeDirectoryDurable } from '../../shared/fs/durable.ts';
import { lstatIfSeen } from '../../shared/fs/lstat.ts';

/** Known directories are forgotten past this number: memory must not grow with the tree. */
const MOST_KNOWN = 10_000;

/** The directories that are known to be durable by name, each by its inode and when that was born: one that was made anew is another. */
export class DurableDirectories {
  readonly #inodes = new Map<BytePath, string>();

  has(directory: BytePath): boolean {
    const known = this.#inodes.get(directory);
    return known !== undefined && known === inodeOf(directory);
  }

  add(directory: BytePath): void {
    if (this.#inodes.size >= MOST_KNOWN) this.#inodes.clear();
    const inode = inodeOf(directory);
    if (inode !== undefined) this.#inodes.set(directory, inode);
  }
}

function inodeOf(directory: BytePath): string | undefined {
  const stats = lstatIfSeen(directory);
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}:${stats.birthtimeNs}` : undefined;
}

/** Makes the directories that files are placed in, and makes durable what changed in them: once for a whole batch. */
export class Directories {
  readonly #durable: DurableDirectories;
  readonly #known = new Set<BytePath>();
  readonly #touched = new Set<BytePath>();

  constructor(durable = new DurableDirectories()) {
    this.#durable = durable;
  }

  /** The directory of `path`, durable below `root`, which must exist: it may be a mount point whose file system is away. */
  make(root: BytePath, path: BytePath): void {
    const directory = dirname(path);
    if (this.#known.has(directory)) return;
    if (!this.#durable.has(directory)) {
      makeDirectoryDurable(root, directory, this.#known);
      this.#durable.add(directory);
    }
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.add(directory);
  }

  /** Somebody removed it: made anew at the next file. */
  forget(path: BytePath): void {
    this.#known.delete(dirname(path));
  }

  /** A name in the directory of `path` came or went. */
  touched(path: BytePath): void {
    this.#touched.add(dirname(path));
  }

  /**
   * All names that came or went are durable when this returns, but for those in the directories that it gives, each with its errno error. A
   * source directory that was removed with its last file is fine, also where a file has taken its name.
   */
  sync(): Map<BytePath, unknown> {
    const refused = new Map<BytePath, unknown>();
    for (const directory of this.#touched) {
      try {
        fsyncDirectory(directory);
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === undefined) throw error;
        if (errno !== 'ENOENT' && errno !== 'ENOTDIR') refused.set(directory, error);
      }
      this.#touched.delete(directory);
    }
    return refused;
  }
}
