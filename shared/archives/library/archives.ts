import { constants } from 'node:fs';
import type { Clock } from '../../clock.ts';
import { parseArchivePath } from '../archive-path.ts';
import type { ArchivePath } from '../contract.ts';
import type { Content, DepositFacts } from '../staging/deposit.ts';
import type { Depositor } from '../staging/depositor.ts';
import { closedFault } from '../staging/faults.ts';
import { ArchiveFile } from './archive-file.ts';
import { filesOpenFault, optionFault } from './faults.ts';
import { FileContent } from './file-content.ts';
import { MemoryBudget } from './memory-budget.ts';
import { type PickupOptions, pickup } from './pickup.ts';
import { Turns } from './turns.ts';

export type OpenOptions = {
  /** The permissions of the file when it is extracted; 0o644 where none are given. */
  mode?: number;
  /** When the file is said to have been changed, a number being milliseconds since 1970; when it is closed where none is given. */
  mtime?: Date | number;
  /** `await using` deposits the file at the end of its block, also where the block has failed. */
  depositOnDispose?: boolean;
};

export type ArchivesDependencies = {
  base: string;
  depositor: Depositor;
  clock: Clock;
  spillBytes: number;
  temporaryDirectory: string;
  /** When they are closed. */
  onClosed(): void;
};

/** Of all files that are open together; beyond it they go to temporary files. */
const MEMORY_BYTES = 64 * 1024 ** 2;

/** Each has its file open from when it is looked at to when it is durable: a process may often have 1,024, and more at a time are no faster. */
const PICKUPS_AT_A_TIME = 256;

const MODE = 0o644;

/** As far as a Date goes. What is beyond was mostly meant in other units. */
const LAST_DATE_MS = 8.64e15;

/** The archives below one base, to put files into: see `openArchives`. */
export class Archives implements AsyncDisposable {
  /** Absolute. */
  readonly base: string;
  readonly #dependencies: ArchivesDependencies;
  readonly #budget = new MemoryBudget(MEMORY_BYTES);
  readonly #files = new Set<ArchiveFile>();
  readonly #pickups = new Set<Promise<void>>();
  readonly #pickupTurns = new Turns(PICKUPS_AT_A_TIME);
  #closing: Promise<readonly string[]> | undefined;

  /** See `openArchives`. */
  constructor(dependencies: ArchivesDependencies) {
    this.base = dependencies.base;
    this.#dependencies = dependencies;
  }

  /**
   * A new, empty file that `close()` deposits.
   *
   *     const file = archives.open('ar.zip/relpath/to/file');
   *     await file.write('…');
   *     await file.close();
   *
   * Every open is a deposit of its own: of two with one name and different contents the archive gets both, one under the name of a version.
   *
   * @param path `[DIRECTORIES/]ARCHIVE.zip/PATH/OF/MEMBER`, relative to the base
   * @throws UsageError `archive.name`, `archive.option`, `archive.closed`
   */
  open(path: string, { mode = MODE, mtime, depositOnDispose = false }: OpenOptions = {}): ArchiveFile {
    this.#assertOpen();
    const to = parseArchivePath(path);
    if (!Number.isInteger(mode) || (mode & ~0o7777 & ~constants.S_IFREG) !== 0)
      throw optionFault('mode', 'is not that of a regular file');
    const mtimeMs = mtime === undefined ? undefined : Number(mtime);
    if (mtimeMs !== undefined && !(Math.abs(mtimeMs) <= LAST_DATE_MS))
      throw optionFault('mtime', 'is no time');
    const content = new FileContent({ ...this.#dependencies, budget: this.#budget });
    const host = {
      deposit: (bytes: Content) =>
        this.#deposit(to, bytes, { mode, mtimeMs: mtimeMs ?? this.#dependencies.clock.nowMs() }),
      forget: () => {
        this.#files.delete(file);
      },
    };
    const file = new ArchiveFile(path, content, host, depositOnDispose);
    this.#files.add(file);
    return file;
  }

  /**
   * Deposits a file that others have made, with its mode and mtime, and removes it when the deposit is durable in staging. Nothing is removed
   * that is not deposited: where the file is open for writing, changes meanwhile, or is replaced, it stays, and this says so.
   *
   *     await archives.pickup('/tmp/render-17.png', 'renders.zip/17.png');
   *
   * @throws UsageError `archive.name`, `archive.closed`; as `pickup` and `Depositor.deposit` do
   */
  async pickup(temporaryPath: string, path: string, options: PickupOptions = {}): Promise<void> {
    this.#assertOpen();
    const to = parseArchivePath(path);
    const picking = this.#pickupTurns.take(() =>
      pickup(temporaryPath, options, (content, facts) => this.#deposit(to, content, facts)),
    );
    this.#pickups.add(picking);
    try {
      await picking;
    } finally {
      this.#pickups.delete(picking);
    }
  }

  /**
   * Waits for what is being closed and picked up, and closes the staging archive, so that it is collected at once. Files that are still
   * open are discarded. May be called twice.
   *
   * @throws UsageError `archive.files-open` where there were such files, when all else is done
   */
  async close(): Promise<void> {
    const left = await this.#close();
    if (left.length > 0) throw filesOpenFault(left);
  }

  /** The same, but for the error: the block may have failed, and files left open by it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #close(): Promise<readonly string[]> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<readonly string[]> {
    const left = [...this.#files].filter((file) => !file.isClosing);
    const closing = [...this.#files].filter((file) => file.isClosing).map((file) => file.close());
    await Promise.allSettled([...left.map((file) => file.discard()), ...closing, ...this.#pickups]);
    // Closed in vain, for want of space say: whoever waits for close() was told, and nobody can close them again.
    await Promise.allSettled([...this.#files].map((file) => file.discard()));
    await this.#dependencies.depositor.close();
    this.#dependencies.onClosed();
    return left.map(({ path }) => path);
  }

  async #deposit(to: ArchivePath, content: Content, facts: DepositFacts): Promise<void> {
    await this.#dependencies.depositor.deposit(to, content, facts);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedFault(this.base);
  }
}
