import type { Clock } from '../../shared/clock.ts';
import type { ScanSettings } from '../../shared/config/resolve-scan.ts';
import { errnoOf } from '../../shared/errors.ts';
import { type BytePath, dirname, fromText, relativeTo } from '../../shared/fs/byte-path.ts';
import { createFilter, type Filter } from '../../shared/fs/name-filter.ts';
import { type WalkEntry, walk } from '../../shared/fs/walk.ts';
import type { LeaseKernel } from '../../shared/fs/writer-of.ts';
import type { State } from '../../shared/state/open.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import { Gatherer } from '../../shared/tables/gather.ts';
import { KnownFiles } from '../../shared/tables/known-files.ts';
import { ScanMarks } from '../../shared/tables/scan-marks.ts';
import type { FoundFile } from '../../shared/tables/scanner.ts';
import { SinkTasks } from '../../shared/tables/sink-tasks.ts';
import { lookAt } from './look.ts';

export type ScanOptions = {
  settings: ScanSettings;
  sinkId: number;
  state: State;
  clock: Clock;
  kernel: LeaseKernel;
  signal: AbortSignal;
  /** A directory, or the names in it, cannot be read. May throw, which ends the scan. */
  onRefused(error: unknown, directory: BytePath): void;
  /** After each transaction: where a test ends it. */
  onTaken?(): void;
};

/** What a scan came to. */
export type ScanOutcome = {
  /** Files by their names, the excluded ones not among them. */
  seen: number;
  /** Files that are new, and their sizes. */
  added: number;
  bytes: number;
  /** That were begun meanwhile. */
  tasks: number;
  /** Files in the window that somebody may still write to. */
  incomplete: number;
  /** All of the store could be read, and the mark has moved. */
  isWhole: boolean;
};

/** Files of a transaction: so many rows share its fsync, and the workers wait for it only some milliseconds. */
const MOST_TAKEN = 1000;

/**
 * By how much the times of files may lag behind this machine's clock: the kernel's clock for files has ticks, and the clock of a file
 * server is its own. A window begins so much earlier than the last one ended; what is in both is taken once all the same.
 */
export const OVERLAP_MS = 60_000;

/**
 * Looks at every name in a store, and puts the files of its window that are complete and not taken yet into tasks. Killed at any moment it
 * has taken a part, and the next scan takes the rest: the mark moves only at the end, not past a file that is incomplete, and not where
 * nothing was seen at all, as in the empty directory of a file system that is not mounted.
 *
 * @throws the signal's reason when aborted; what `onRefused` throws, and what the state file refuses with
 */
export async function scanStore(options: ScanOptions): Promise<ScanOutcome> {
  const { settings, sinkId, state, clock, signal } = options;
  const marks = new ScanMarks(state);
  const tasks = new SinkTasks(state, sinkId);
  const nowMs = clock.nowMs();
  const firstMs = nowMs - settings.intervalMs;
  const mark = writeTransaction(state, () => marks.begin(sinkId, { firstMs, nowMs }));
  const lastTask = tasks.lastId();
  const pass = new Pass(options, Math.min(mark.scannedToMs, firstMs), nowMs);
  const store = fromText(settings.store);
  const batches = walk(store, {
    recursive: settings.recursive,
    followLink: true,
    signal,
    onError: (error, directory) => pass.refused(error, directory),
  });
  for await (const batch of batches) pass.take(batch);
  pass.write();
  if (pass.isWhole && pass.hasSeenAny) {
    const scannedToMs = Math.min(nowMs - OVERLAP_MS, pass.earliestIncompleteMs);
    writeTransaction(state, () =>
      marks.advance(sinkId, { scannedToMs, lastFileModifiedTime: pass.lastModified }),
    );
  }
  const { seen, added, bytes, incomplete, isWhole } = pass;
  return { seen, added, bytes, tasks: tasks.countAfter(lastTask), incomplete, isWhole };
}

/** One scan as it goes. */
class Pass {
  seen = 0;
  added = 0;
  bytes = 0;
  incomplete = 0;
  isWhole = true;
  hasSeenAny = false;
  earliestIncompleteMs = Number.POSITIVE_INFINITY;
  #newestNs = -1n;
  #found: FoundFile[] = [];
  readonly #options: ScanOptions;
  readonly #fromMs: number;
  readonly #ingestDate: string;
  readonly #filter: Filter;
  readonly #store: BytePath;
  readonly #known: KnownFiles;
  readonly #gatherer: Gatherer;

  constructor(options: ScanOptions, fromMs: number, nowMs: number) {
    this.#options = options;
    this.#fromMs = fromMs;
    this.#ingestDate = new Date(nowMs).toISOString().slice(0, 10);
    this.#filter = createFilter(options.settings);
    this.#store = fromText(options.settings.store);
    this.#known = new KnownFiles(options.state);
    this.#gatherer = new Gatherer(options.state);
  }

  get lastModified(): string | undefined {
    return this.#newestNs < 0n ? undefined : new Date(Number(this.#newestNs / 1_000_000n)).toISOString();
  }

  take(batch: readonly WalkEntry[]): void {
    this.hasSeenAny ||= batch.length > 0;
    const nowMs = this.#options.clock.nowMs();
    for (const { path, kind } of batch) {
      if (kind !== 'file' || this.#filter(relativeTo(this.#store, path)) !== undefined) continue;
      this.seen += 1;
      this.#look(path, nowMs);
      if (this.#found.length >= MOST_TAKEN) this.write();
    }
  }

  /** Files that another scan has taken meanwhile are left out under the write lock. */
  write(): void {
    const { state, sinkId, settings, clock, onTaken } = this.#options;
    const found = this.#found;
    if (found.length === 0) return;
    this.#found = [];
    const taken = writeTransaction(state, () => {
      const fresh = found.filter((file) => !this.#known.has(sinkId, file));
      this.#gatherer.add(fresh, { id: sinkId, settings: settings.sink }, clock.nowMs());
      return fresh;
    });
    this.added += taken.length;
    this.bytes += taken.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const { mtimeNs } of taken) if (mtimeNs > this.#newestNs) this.#newestNs = mtimeNs;
    onTaken?.();
  }

  /** What is in there is for a later scan: the mark stays. */
  refused(error: unknown, directory: BytePath): void {
    this.#options.onRefused(error, directory);
    this.isWhole = false;
  }

  #look(path: BytePath, nowMs: number): void {
    try {
      const look = lookAt(path, {
        fromMs: this.#fromMs,
        nowMs,
        stabilityMs: this.#options.settings.stabilityMs,
        ingestDate: this.#ingestDate,
        kernel: this.#options.kernel,
        isKnown: (file) => this.#known.has(this.#options.sinkId, file),
      });
      if (look.is === 'new') this.#found.push(look.file);
      if (look.is !== 'incomplete') return;
      this.incomplete += 1;
      this.earliestIncompleteMs = Math.min(this.earliestIncompleteMs, look.changedMs);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      this.refused(error, dirname(path));
    }
  }
}
