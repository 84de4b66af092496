import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, dirname } from '../../../../shared/fs/byte-path.ts';
import { fsyncDirectory, makeDirectoryDurable } from '../../../../shared/fs/durable.ts';

/** Known directories are forgotten past this number: memory must not grow with the tree. */
const MOST_KNOWN = 10_000;

/** Makes the directories that files are placed in, and makes durable what changed in them: once for a whole batch. */
export class Directories {
  readonly #known = new Set<BytePath>();
  readonly #touched = new Set<BytePath>();

  /** The directory of `path`, durable below `root`, which must exist: it may be a mount point whose file system is away. */
  make(root: BytePath, path: BytePath): void {
    const directory = dirname(path);
    if (this.#known.has(directory)) return;
    makeDirectoryDurable(root, directory, this.#known);
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
