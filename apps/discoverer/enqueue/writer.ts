import type { CrashPoints } from '../../../shared/crash-points.ts';
import { Candidates } from '../../../shared/queue/candidates.ts';
import { FileJobs } from '../../../shared/queue/file-jobs.ts';
import type { State } from '../../../shared/state/open.ts';
import { lazyTransaction } from '../../../shared/state/transaction.ts';
import type { SteadyClock } from '../completion/steady-clock.ts';
import type { BackPressure } from './back-pressure.ts';
import { byPath } from './by-path.ts';
import type { Findings } from './findings.ts';

export type WriterOptions = {
  state: State;
  clock: SteadyClock;
  pressure: BackPressure;
  crash: CrashPoints;
  /** So many jobs are new, and durable. */
  onEnqueued(count: number): void;
  /** Something was written. */
  onWritten(): void;
  /** Candidates were written; the soonest is due then. */
  onDue(dueMs: number): void;
};

/**
 * Writes findings down, in the order of their paths and some thousand a transaction. Lazily: what a power cut takes back is found again, by
 * the scan at the next start.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #jobs: FileJobs;
  readonly #candidates: Candidates;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#jobs = new FileJobs(options.state);
    this.#candidates = new Candidates(options.state);
  }

  /**
   * Waits for room in the queue where there are files to put. A file and its being no candidate any more are written together.
   *
   * @returns how many jobs are new
   * @throws what SQLite throws; then some of it may be written and reported, and looking again finds the rest
   */
  async write({ files, sightings, removals, size }: Findings): Promise<number> {
    const { state, clock, pressure, crash, onEnqueued, onDue, onWritten } = this.#options;
    if (size === 0) return 0;
    if (files.length > 0) {
      await pressure.room();
      crash.reach('discover.before-enqueue');
    }
    const { nowMs } = clock.read();
    const gone = new Set(removals);
    for (const slice of slicesOf(sightings.toSorted(byPath)))
      lazyTransaction(state, () => this.#candidates.upsertAll(slice));
    let enqueued = 0;
    for (const slice of slicesOf(files.toSorted(byPath))) {
      const count = lazyTransaction(state, () => {
        for (const { path } of slice) if (gone.delete(path)) this.#candidates.remove(path);
        return this.#jobs.putAll(slice, nowMs);
      });
      pressure.put(count);
      if (count > 0) onEnqueued(count);
      enqueued += count;
    }
    for (const slice of slicesOf([...gone]))
      lazyTransaction(state, () => {
        for (const path of slice) this.#candidates.remove(path);
      });
    if (files.length > 0) crash.reach('discover.enqueued');
    onWritten();
    onDue(soonestOf(sightings));
    return enqueued;
  }
}

/** Of one transaction: workers wait for the write lock meanwhile. */
const ROWS_A_TRANSACTION = 2000;

function* slicesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += ROWS_A_TRANSACTION)
    yield items.slice(at, at + ROWS_A_TRANSACTION);
}

const soonestOf = (sightings: Findings['sightings']): number =>
  sightings.reduce((soonest, { dueMs }) => Math.min(soonest, dueMs ?? soonest), Number.POSITIVE_INFINITY);
