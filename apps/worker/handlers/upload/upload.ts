import { closeSync } from 'node:fs';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import { Slots } from '../../../../shared/object-store/slots.ts';
import type { ObjectStore } from '../../../../shared/object-store/store.ts';
import { Stores } from '../../../../shared/object-store/stores.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import { serverPlace } from '../../../../shared/uploads/server-places.ts';
import { NO_DELTA } from '../../delta.ts';
import { Directories, DurableDirectories } from '../../directories.ts';
import { Fence } from '../../fence.ts';
import { Abandoned } from './abandoned.ts';
import { acceptJobs } from './accept.ts';
import { type FinishContext, finish } from './finish.ts';
import { Gate, LOOK_AGAIN_MS } from './gate.ts';
import { Group } from './group.ts';
import type { UploadOptions } from './handler.ts';
import { moveIn } from './move-in.ts';
import { inPool } from './pool.ts';
import { reportEnded, reportSettled } from './report.ts';
import { settleEnded } from './settle-ended.ts';
import { type Accepted, type Ended, isEnded, type Step, type Taken, type Tried } from './stay.ts';
import { UploadStore } from './store.ts';
import { takeFiles } from './take.ts';
import { tryFile } from './try-file.ts';
import { Unfolding } from './unfolding.ts';

/** Small files on their way at a time, of one worker: most of the time of each is the network's. */
const TRANSFERS = 16;

/** Hands files on to object storage. The life of a file, and what each crash leaves, stands in docs/object-storage.md. */
export class Upload {
  readonly #options: UploadOptions;
  readonly #store: UploadStore;
  readonly #stores: Stores;
  readonly #gate: Gate;
  readonly #abandoned: Abandoned;
  readonly #durable = new DurableDirectories();
  readonly #unfolding = new Unfolding();
  readonly #transfers = new Slots(TRANSFERS);

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#store = new UploadStore(options.state);
    this.#stores = new Stores({ ...options, maxSockets: 2 * TRANSFERS });
    this.#gate = new Gate({ ...options, store: this.#store, stores: this.#stores });
    this.#abandoned = new Abandoned({ ...options, store: this.#store, stores: this.#stores });
    options.stopping.addEventListener('abort', () => this.#stores.close(), { once: true });
  }

  /** Whether a server is being asked for a bucket: its answer may make jobs ready. */
  get isAsking(): boolean {
    return this.#gate.isAsking;
  }

  /** Takes off the servers what was given up. Never rejects: what does not work now is tried again later. */
  async tidy(): Promise<void> {
    const { stopping, logger } = this.#options;
    try {
      await this.#abandoned.sweep(stopping);
    } catch (error) {
      if (!stopping.aborted)
        logger.error({ event: 'defect', err: error }, 'a defect of wharfinger: please report it');
    }
  }

  async handle(jobs: readonly LeasedJob[]): Promise<void> {
    const { stopping, crash } = this.#options;
    crash.reach('upload.claimed');
    const signal = AbortSignal.any([stopping, ...new Set(jobs.map(({ lease }) => lease.lost))]);
    const open: number[] = [];
    try {
      const taken = await this.#takeAll(jobs, signal, open);
      await this.#sendAll(taken, signal);
    } finally {
      for (const fd of open) closeSync(fd);
    }
    await this.#abandoned.sweep(signal);
  }

  /** To the end of what is done before the network is needed, but for the question whether a bucket is there. */
  async #takeAll(jobs: readonly LeasedJob[], signal: AbortSignal, open: number[]): Promise<Taken[]> {
    const { clock, crash } = this.#options;
    const ends: Ended[] = [];
    const sort = <T extends object>(steps: readonly Step<T>[]): T[] => split(steps, ends);
    const nowMs = clock.nowMs();
    const accepted = sort<Accepted>(
      acceptJobs(jobs, {
        store: this.#store,
        stores: this.#stores,
        nowMs,
        lookAgainMs: LOOK_AGAIN_MS,
      }),
    );
    const passed = sort<Accepted>(await this.#gate.pass(accepted, signal));
    const opened = (fd: number): void => void open.push(fd);
    const taken = sort<Taken>(takeFiles(passed, { store: this.#store, clock, crash, opened }));
    const moved = sort<Taken>(this.#moveIn(taken));
    const settled = settleEnded(ends, this.#store, clock.nowMs());
    const failed = reportEnded(settled, this.#options.logger);
    if (failed > 0) this.#options.onProgress({ ...NO_DELTA, failed });
    return moved;
  }

  #moveIn(files: readonly Taken[]): Step<Taken>[] {
    const { clock, crash } = this.#options;
    const context = {
      fence: new Fence(this.#store, clock),
      directories: new Directories(this.#durable),
      crash,
      againMs: clock.nowMs() + LOOK_AGAIN_MS,
    };
    const moved = files.map((file) => {
      const { to } = file.plan.sink;
      return to.by === 'path'
        ? moveIn(file, serverPlace(fromText(to.directory), 'processing'), context)
        : file;
    });
    const refused = context.directories.sync();
    crash.reach('upload.in-durable');
    // Where a name is not known to be durable the next step must not depend on it; the error comes again there.
    if (refused.size > 0) throw [...refused.values()][0];
    return moved;
  }

  /** Many at a time, with the small ones of the other claim; each group of those that are over is finished together. */
  async #sendAll(files: readonly Taken[], signal: AbortSignal): Promise<void> {
    const context = this.#finishContext();
    const { logger, onProgress } = this.#options;
    const remotes = new Map<number, ObjectStore>();
    const group = new Group<Tried>((tried) => onProgress(reportSettled(finish(tried, context), logger)));
    try {
      await inPool(files, TRANSFERS, async (file) => {
        const context = { ...this.#options, ...this.#sendContext(file, remotes), signal };
        const work = () => tryFile(file, context);
        // Large ones are few as it is, and wait for none that hang.
        group.add(await (file.job.lane === 'batch' ? this.#transfers.run(undefined, work) : work()));
      });
    } finally {
      group.end();
    }
  }

  /** @param remotes those of this batch, which are asked for once: that looks whether the credentials have changed */
  #sendContext({ plan }: Taken, remotes: Map<number, ObjectStore>) {
    const { bucket } = plan;
    const remote = remotes.get(bucket.id) ?? this.#stores.get(bucket.credentials, bucket.profile);
    remotes.set(bucket.id, remote);
    return {
      store: this.#store,
      gate: this.#gate,
      unfolding: this.#unfolding,
      remote,
      onUnchecked: (reason: string): void => this.#sayUnchecked(bucket.profile, reason),
    };
  }

  readonly #unchecked = new Set<string>();

  #sayUnchecked(profile: string, reason: string): void {
    if (this.#unchecked.has(profile)) return;
    this.#unchecked.add(profile);
    this.#options.logger.warn(
      { event: 'upload.unchecked', profile, reason },
      `objects at ${profile} are not looked at after they were sent: ${reason}`,
    );
  }

  #finishContext(): FinishContext {
    const { clock, crash, logger } = this.#options;
    return {
      store: this.#store,
      clock,
      crash,
      logger,
      fence: new Fence(this.#store, clock),
      directories: new Directories(this.#durable),
    };
  }
}

function split<T extends object>(steps: readonly Step<T>[], ends: Ended[]): T[] {
  const going: T[] = [];
  for (const step of steps) {
    if (isEnded(step)) ends.push(step);
    else going.push(step);
  }
  return going;
}
