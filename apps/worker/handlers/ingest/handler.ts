import { closeSync } from 'node:fs';
import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import { SmallFileHasher } from '../../../../shared/fs/hash-file.ts';
import { openFilesLimit } from '../../../../shared/linux/open-files-limit.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { backoffMs } from '../../../../shared/queue/backoff.ts';
import { SMALL_FILE_BYTES } from '../../../../shared/queue/lanes.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import type { Route } from '../../../../shared/queue/routes.ts';
import type { State } from '../../../../shared/state/open.ts';
import { Breath } from '../../breath.ts';
import type { Delta } from '../../delta.ts';
import { Directories, DurableDirectories } from '../../directories.ts';
import { Fence } from '../../fence.ts';
import type { Handler } from '../../handler.ts';
import {
  type Accepted,
  type DecidedFile,
  type Ended,
  ended,
  type InFlight,
  isEnded,
  type PlacedFile,
  type ReadFile,
} from './custody.ts';
import { decideFiles } from './decide.ts';
import { makeDataDurable } from './durable-data.ts';
import { meaningOf } from './faults.ts';
import { ManifestsOwner } from './manifests-owner.ts';
import { placeFile } from './place.ts';
import type { PlaceContext } from './place-context.ts';
import { PlaceHealth } from './place-health.ts';
import { openFile, type Reading, readFile } from './read.ts';
import { endOfRefusal, failed } from './refusal.ts';
import { resumeFile } from './resume.ts';
import { Settling } from './settle-batch.ts';
import { removeSidecars } from './sidecar-removal.ts';
import { IngestStore } from './store.ts';

export type IngestOptions = {
  state: State;
  logger: Logger;
  clock: Clock;
  random: () => number;
  crash: CrashPoints;
  /** Aborts at an ordered stop: what is not placed yet is given back. */
  stopping: AbortSignal;
  /** Large files in hand at a time. */
  concurrency: number;
  maxAttempts: number;
  onProgress(delta: Delta): void;
};

/** Small files of one claim: enough that the fsyncs of a batch weigh little, few enough that it ends in some 100 ms. */
const BATCH_SIZE = 1024;

/** Files that the disk is asked for at a time. */
const OPENED_AHEAD = 64;

/** Open beside the files of a batch: the state file, pipes, libraries, large files. */
const OTHER_OPEN_FILES = 128;

/** Each file of a batch is held open: a batch that could not be would be tried again and again. */
export const batchSizeWithin = (openFiles: number): number =>
  Math.max(1, Math.min(BATCH_SIZE, openFiles - OTHER_OPEN_FILES));

const READ_BACKOFF = { baseMs: 1_000, capMs: 60_000 };

/** Takes files into custody: read, decide, place, commit, a batch at a time. The protocol stands in docs/design.md. */
export function createIngestHandler(options: IngestOptions): Handler {
  const ingest = new Ingest(options);
  return {
    kind: 'ingest',
    lanes: {
      batch: { batchSize: batchSizeWithin(openFilesLimit().soft), concurrent: 1 },
      alone: { batchSize: 1, concurrent: options.concurrency },
    },
    handle: (jobs) => ingest.handle(jobs),
  };
}

class Ingest {
  readonly #options: IngestOptions;
  readonly #store: IngestStore;
  readonly #health: PlaceHealth;
  readonly #settling: Settling;
  readonly #hasher = new SmallFileHasher(SMALL_FILE_BYTES);
  readonly #durable = new DurableDirectories();

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#store = new IngestStore(options.state);
    this.#health = new PlaceHealth({
      ...options,
      routes: this.#store.routes,
      manifestsOwner: new ManifestsOwner(options.state),
    });
    this.#settling = new Settling({ ...options, store: this.#store, health: this.#health });
    removeSidecars(this.#store, options.logger);
  }

  async handle(jobs: readonly LeasedJob[]): Promise<void> {
    const { crash, stopping, clock } = this.#options;
    crash.reach('ingest.claimed');
    const signal = AbortSignal.any([stopping, ...new Set(jobs.map(({ lease }) => lease.lost))]);
    const open: number[] = [];
    const ends: Ended[] = [];
    const sort = <T extends Accepted>(steps: readonly (T | Ended)[]): T[] => split(steps, ends);
    try {
      const accepted = sort(this.#accept(jobs));
      const context = {
        store: this.#store,
        directories: new Directories(this.#durable),
        fence: new Fence(this.#store, clock),
        crash,
        signal,
      };
      const { resumed, fresh } = await this.#resume(accepted, context, { ends, open });
      const read = sort(await this.#readAll(fresh, signal, open));
      crash.reach('ingest.read');
      const decided = sort(decideFiles(read, this.#store, clock.nowMs()));
      crash.reach('ingest.decided');
      const toPlace = [...resumed.filter(isOpen), ...decided];
      const placed = [...resumed.filter(isPlaced), ...sort(await this.#placeAll(toPlace, context))];
      this.#settling.settle(placed, ends, context);
    } finally {
      for (const fd of open) closeSync(fd);
    }
  }

  /** Finds each job's route, and leaves those whose place refuses for later. */
  #accept(jobs: readonly LeasedJob[]): (Accepted | Ended)[] {
    const routes = new Map<number, { route: Route; refusal: ReturnType<PlaceHealth['refusalOf']> }>();
    return jobs.map((job) => {
      const id = job.routeId ?? 0;
      const known = routes.get(id) ?? this.#lookUp(id);
      if (known === undefined)
        throw new Error(`job ${job.id} names route ${id}, which is not in the state file`);
      routes.set(id, known);
      const { route, refusal } = known;
      if (refusal === undefined) return { job, route };
      return ended(
        { job, route },
        { end: 'delayed', reason: refusal.reason, runAtMs: refusal.untilMs, charged: false },
      );
    });
  }

  #lookUp(id: number): { route: Route; refusal: ReturnType<PlaceHealth['refusalOf']> } | undefined {
    const route = this.#store.routes.byId(id);
    return route === undefined ? undefined : { route, refusal: this.#health.refusalOf(route) };
  }

  /** Files that a dead holder left in flight go on where it stopped; the others are fresh. */
  async #resume(
    files: readonly Accepted[],
    context: PlaceContext,
    { ends, open }: { ends: Ended[]; open: number[] },
  ): Promise<{ resumed: (PlacedFile | DecidedFile)[]; fresh: Accepted[] }> {
    const resumed: (PlacedFile | DecidedFile)[] = [];
    const fresh: Accepted[] = [];
    const left = this.#store.jobsInFlight(files[0]?.job.lease.token ?? 0);
    for (const file of files) {
      const inFlight = left.has(file.job.id) ? this.#store.inFlightOf(file.job.id) : undefined;
      if (inFlight === undefined) {
        fresh.push(file);
        continue;
      }
      const step = await this.#guard(
        { ...file, inFlight },
        () => resumeFile(file, inFlight, context),
        context,
      );
      if (isEnded(step)) ends.push(step);
      else resumed.push(step);
      if (isOpen(step)) open.push(step.fd);
    }
    return { resumed, fresh };
  }

  /** Small files are opened a group at a time, so that the disk is asked for all of them, and each is read in one go; between two of them the lease is renewed and a stop is heard, when it is time. */
  async #readAll(
    files: readonly Accepted[],
    signal: AbortSignal,
    open: number[],
  ): Promise<(ReadFile | Ended)[]> {
    const { clock, random, maxAttempts } = this.#options;
    const retryAtMs = (attempts: number) => clock.nowMs() + backoffMs(attempts, READ_BACKOFF, random);
    const opened = (fd: number): void => void open.push(fd);
    const reading: Reading = { hasher: this.#hasher, signal, maxAttempts, retryAtMs, opened };
    const breath = new Breath(clock);
    const steps: (ReadFile | Ended)[] = [];
    for (let at = 0; at < files.length; at += OPENED_AHEAD) {
      const group = files.slice(at, at + OPENED_AHEAD).map((file) => openFile(file, reading));
      for (const file of group) {
        if (breath.isDue()) await breath.take();
        if (isEnded(file)) steps.push(file);
        else if (signal.aborted) steps.push(ended(file, { end: 'released' }));
        else {
          const step = readFile(file, reading);
          steps.push(step instanceof Promise ? await step : step);
        }
      }
    }
    return steps;
  }

  async #placeAll(files: readonly DecidedFile[], context: PlaceContext): Promise<(PlacedFile | Ended)[]> {
    const refused = await makeDataDurable(files);
    this.#options.crash.reach('place.data-durable');
    const breath = new Breath(this.#options.clock);
    const steps: (PlacedFile | Ended)[] = [];
    for (const file of files) {
      if (breath.isDue()) await breath.take();
      const refusal = refused.get(file);
      const step =
        refusal === undefined
          ? this.#guard(file, () => placeFile(file, context), context)
          : failed(file, file.inFlight, `its data cannot be written to its disk: ${meaningOf(refusal)}`);
      steps.push(step instanceof Promise ? await step : step);
    }
    return steps;
  }

  /** What the system refuses becomes the file's end for now; its row in flight says how to go on. */
  #guard<T>(
    file: Accepted & { inFlight: InFlight },
    work: () => MaybeLater<T | Ended>,
    { signal }: PlaceContext,
  ): MaybeLater<T | Ended> {
    const endOf = (error: unknown): Ended => {
      if (signal.aborted) return ended(file, { end: 'released' });
      if (errnoOf(error) === undefined) throw error;
      return endOfRefusal(file, file.inFlight, error, this.#health);
    };
    try {
      const step = work();
      return step instanceof Promise ? step.catch(endOf) : step;
    } catch (error) {
      return endOf(error);
    }
  }
}

/** At once for most files: to wait for each would take longer than its system calls. */
type MaybeLater<T> = T | Promise<T>;

const isOpen = (file: PlacedFile | DecidedFile | Ended): file is DecidedFile => 'fd' in file;
const isPlaced = (file: PlacedFile | DecidedFile): file is PlacedFile => !isOpen(file);

function split<T extends Accepted>(steps: readonly (T | Ended)[], ends: Ended[]): T[] {
  const going: T[] = [];
  for (const step of steps) {
    if (isEnded(step)) ends.push(step);
    else going.push(step);
  }
  return going;
}
