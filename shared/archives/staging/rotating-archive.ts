import type { Clock } from '../../clock.ts';
import { baseFault, takenFault } from './faults.ts';
import { type DirectoryIdentity, KnownBase } from './known-base.ts';
import { Leftovers } from './leftovers.ts';
import { StagingArchive, type StagingArchiveOptions } from './staging-archive.ts';

export type RotatingArchiveOptions = Omit<StagingArchiveOptions, 'known' | 'leftovers'> & {
  /** A staging archive is closed so long after it was made. */
  rotateMs: number;
  clock: Clock;
  /** Which directory the base is; that of the first deposit unless given. */
  baseIdentity?: DirectoryIdentity;
  onError(error: unknown): void;
};

/** An idle staging archive says so often that its writer lives. */
const BEAT_MS = 10_000;

/** Whoever collects takes so much in one round; a larger staging archive only keeps more of its directory in memory. */
const MOST_MEMBERS = 65_536;
const MOST_BYTES = 1024 ** 3;

/** Each time the group was taken away by a scavenger before it could be acknowledged. */
const ATTEMPTS = 8;

/** setTimeout takes no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The staging archive of the moment: made when there is something to write, closed when it is old or full or when nothing more can be
 * written to it, given up when a scavenger has taken it. One call at a time.
 */
export class RotatingArchive {
  readonly #options: RotatingArchiveOptions & StagingArchiveOptions;
  readonly #leftovers: Leftovers;
  #archive: StagingArchive | undefined;
  #madeAtMs = 0;
  #lastTurnAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RotatingArchiveOptions) {
    const { base, calls, clock, baseIdentity } = options;
    this.#leftovers = new Leftovers(clock);
    const known = new KnownBase(base, calls, baseIdentity);
    this.#options = { ...options, known, leftovers: this.#leftovers };
  }

  /**
   * Has a group written, from its beginning again as often as a scavenger takes the file in between.
   *
   * @param append false where the file was taken
   * @returns the name of the staging archive that it is in, without turn and suffix
   * @throws as `append` and `StagingArchive.create` do; EnvironmentError `archive.taken`
   */
  async untilAcknowledged(append: (archive: StagingArchive) => Promise<boolean>): Promise<string> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const archive = await this.#open();
      try {
        if (await append(archive)) {
          this.#lastTurnAtMs = this.#options.clock.monotonicMs();
          return archive.stem;
        }
      } catch (error) {
        if (archive.isBroken) await this.close();
        throw error;
      }
      await this.#letGo(archive);
    }
    throw takenFault(this.#options.base);
  }

  /** Rotates, or says that we live, where it is time, and gives up what could not be given up before. */
  async keepUp(): Promise<void> {
    await this.#leftovers.retry();
    const archive = this.#archive;
    if (archive === undefined) return;
    const isOld = this.#options.clock.monotonicMs() - this.#madeAtMs >= this.#options.rotateMs;
    const isFull = archive.members >= MOST_MEMBERS || archive.sizeBytes >= MOST_BYTES;
    if (isOld || isFull) return this.close();
    try {
      if (!(await this.beatIfDue(archive))) await this.#letGo(archive);
    } catch (error) {
      this.#options.onError(baseFault(this.#options.base, error));
    }
  }

  /** @returns false where it is ours no more */
  async beatIfDue(archive: StagingArchive): Promise<boolean> {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#lastTurnAtMs < BEAT_MS) return true;
    this.#lastTurnAtMs = nowMs;
    return archive.beat();
  }

  /** Calls `wake` once, when `keepUp` has something to do. No timer keeps the process. */
  wakeWhenDue(wake: () => void): void {
    clearTimeout(this.#timer);
    const dueAtMs = Math.min(
      this.#leftovers.nextDueMs ?? Number.POSITIVE_INFINITY,
      ...(this.#archive === undefined
        ? []
        : [this.#madeAtMs + this.#options.rotateMs, this.#lastTurnAtMs + BEAT_MS]),
    );
    if (dueAtMs === Number.POSITIVE_INFINITY) return;
    const afterMs = Math.max(dueAtMs - this.#options.clock.monotonicMs(), 1);
    this.#timer = setTimeout(wake, Math.min(afterMs, LONGEST_TIMER_MS)).unref();
  }

  /** What could not be given up before is tried once more, due or not. */
  retryLeftovers(): Promise<void> {
    clearTimeout(this.#timer);
    return this.#leftovers.retryAll();
  }

  /** So that it can be collected at once. What stands in the way is told to `onError`, and tried again with each beat. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const archive = this.#archive;
    if (archive === undefined) return;
    try {
      await archive.close();
    } catch (error) {
      this.#options.onError(baseFault(this.#options.base, error));
    } finally {
      this.#archive = undefined;
    }
  }

  /** See `StagingArchive.closeNow`. */
  closeNow(): void {
    try {
      this.#archive?.closeNow();
    } catch (error) {
      this.#options.onError(baseFault(this.#options.base, error));
    }
  }

  async #open(): Promise<StagingArchive> {
    if (this.#archive !== undefined) return this.#archive;
    this.#archive = await StagingArchive.create(this.#options);
    this.#madeAtMs = this.#options.clock.monotonicMs();
    this.#lastTurnAtMs = this.#madeAtMs;
    return this.#archive;
  }

  /** A scavenger has it, and will collect all that was acknowledged. */
  async #letGo(archive: StagingArchive): Promise<void> {
    this.#archive = undefined;
    await archive.release();
  }
}
