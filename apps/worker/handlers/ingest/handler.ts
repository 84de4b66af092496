import { closeSync } from 'node:fs';
import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import { SmallFileHasher } from '../../../../shared/fs/hash-file.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { backoffMs } from '../../../../shared/queue/backoff.ts';
import { SMALL_FILE_BYTES } from '../../../../shared/queue/lanes.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import type { Route } from '../../../../shared/queue/routes.ts';
import type { State } from '../../../../shared/state/open.ts';
import type { Handler } from '../../handler.ts';
import { Breath } from './breath.ts';
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
import { Directories } from './directories.ts';
import { makeDataDurable } from './durable-data.ts';
import { meaningOf } from './faults.ts';
import { ManifestsOwner } from './manifests-owner.ts';
import { placeFile } from './place.ts';
import type { PlaceContext } from './place-context.ts';
import { PlaceHealth } from './place-health.ts';
import { type Reading, readFile } from './read.ts';
import { endOfRefusal, failed } from './refusal.ts';
import type { Delta } from './report.ts';
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

/** Small files of one claim: enough that the fsyncs of a batch weigh little, few enough that it ends in some 50 ms. */
const BATCH_SIZE = 512;

const READ_BACKOFF = { baseMs: 1_000, capMs: 60_000 };

/** Takes files into custody: read, decide, place, commit, a batch at a time. The protocol stands in docs/design.md. */
export function createIngestHandler(options: IngestOptions): Handler {
  const ingest = new Ingest(options);
  return {
    kind: 'ingest',
    lanes: {
      batch: { batchSize: BATCH_SIZE, concurrent: 1 },
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
    const { crash, stopping } = this.#options;
    crash.reach('ingest.claimed');
    const signal = AbortSignal.any([stopping, ...new Set(jobs.map(({ lease }) => lease.lost))]);
    const open: ReadFile[] = [];
    const ends: Ended[] = [];
    const sort = <T extends Accepted>(steps: readonly (T | Ended)[]): T[] => split(steps, ends);
    try {
      const accepted = sort(this.#accept(jobs));
      const context = { store: this.#store, directories: new Directories(), crash, signal };
      const { resumed, fresh } = await this.#resume(accepted, context, { ends, open });
      const read = sort(await this.#readAll(fresh, signal, open));
      crash.reach('ingest.read');
      const decided = sort(decideFiles(read, this.#store, this.#options.clock.nowMs()));
      crash.reach('ingest.decided');
      const toPlace = [...resumed.filter(isOpen), ...decided];
      const placed = [...resumed.filter(isPlaced), ...sort(await this.#placeAll(toPlace, context))];
      this.#settling.settle(placed, ends, context);
    } finally {
      for (const { fd } of open) closeSync(fd);
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
    { ends, open }: { ends: Ended[]; open: ReadFile[] },
  ): Promise<{ resumed: (PlacedFile | DecidedFile)[]; fresh: Accepted[] }> {
    const resumed: (PlacedFile | DecidedFile)[] = [];
    const fresh: Accepted[] = [];
    for (const file of files) {
      const inFlight = this.#store.inFlightOf(file.job.id);
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
      if (isOpen(step)) open.push(step);
    }
    return { resumed, fresh };
  }

  /** Small files are read in one go; between two of them the lease is renewed and a stop is heard, when it is time. */
  async #readAll(
    files: readonly Accepted[],
    signal: AbortSignal,
    open: ReadFile[],
  ): Promise<(ReadFile | Ended)[]> {
    const { clock, random, maxAttempts } = this.#options;
    const retryAtMs = (attempts: number) => clock.nowMs() + backoffMs(attempts, READ_BACKOFF, random);
    const reading: Reading = { hasher: this.#hasher, signal, maxAttempts, retryAtMs };
    const breath = new Breath(clock);
    const steps: (ReadFile | Ended)[] = [];
    for (const file of files) {
      await breath.take();
      if (signal.aborted) {
        steps.push(ended(file, { end: 'released' }));
        continue;
      }
      const step = await readFile(file, reading);
      if (!isEnded(step)) open.push(step);
      steps.push(step);
    }
    return steps;
  }

  async #placeAll(files: readonly DecidedFile[], context: PlaceContext): Promise<(PlacedFile | Ended)[]> {
    const refused = await makeDataDurable(files);
    this.#options.crash.reach('place.data-durable');
    const breath = new Breath(this.#options.clock);
    const steps: (PlacedFile | Ended)[] = [];
    for (const file of files) {
      await breath.take();
      const refusal = refused.get(file);
      steps.push(
        refusal === undefined
          ? await this.#guard(file, () => placeFile(file, context), context)
          : failed(file, file.inFlight, `its data cannot be written to its disk: ${meaningOf(refusal)}`),
      );
    }
    return steps;
  }

  /** What the system refuses becomes the file's end for now; its row in flight says how to go on. */
  async #guard<T>(
    file: Accepted & { inFlight: InFlight },
    work: () => Promise<T | Ended>,
    { signal }: PlaceContext,
  ): Promise<T | Ended> {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) return ended(file, { end: 'released' });
      if (errnoOf(error) === undefined) throw error;
      return endOfRefusal(file, file.inFlight, error, this.#health);
    }
  }
}

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
