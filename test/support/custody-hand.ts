import type { Delta } from '../../apps/worker/delta.ts';
import { Executor } from '../../apps/worker/executor.ts';
import type { Handler } from '../../apps/worker/handler.ts';
import { createIngestHandler } from '../../apps/worker/handlers/ingest/handler.ts';
import { type RunningWorker, startWorker } from '../../apps/worker/main.ts';
import type { CrashPoint, CrashPoints } from '../../shared/crash-points.ts';
import { thisProcess } from '../../shared/linux/process-identity.ts';
import { createLogger, type Logger } from '../../shared/log/logger.ts';
import { Claims } from '../../shared/queue/claim.ts';
import type { Lane } from '../../shared/queue/job.ts';
import { LeaseKeeper } from '../../shared/queue/lease-keeper.ts';
import type { LeasedJob } from '../../shared/queue/lease-store.ts';
import { openState, type State } from '../../shared/state/open.ts';
import { TurnableClock } from './custody-clock.ts';

const LEASE_MS = 30_000;
const MAX_ATTEMPTS = 5;

/** A log record as it would be written. */
export type LogRecord = { event: string; level: string; msg?: string; [field: string]: unknown };

/** What a hand throws where it is told to die: nothing of the program catches it. */
class Death extends Error {}

/**
 * One worker as a test holds it: it can be run until all is done, led claim by claim, made to do something at a named point on its way, or to
 * die there. It has its own connection to the state file, as a process would have.
 */
export class Hand implements Disposable {
  readonly clock = new TurnableClock();
  readonly state: State;
  readonly stop = new AbortController();
  readonly log: LogRecord[] = [];
  readonly reached: CrashPoint[] = [];
  readonly progress: Delta[] = [];
  readonly #name: string;
  readonly #logger: Logger;
  readonly #claims: Claims;
  readonly #keeper: LeaseKeeper;
  readonly #actions = new Map<CrashPoint, () => void>();
  readonly #executor: Executor;
  readonly #handler: Handler;

  constructor(statePath: string, name = 'worker-1') {
    this.state = openState(statePath);
    this.#name = name;
    const write = (line: string) => void this.log.push(JSON.parse(line));
    this.#logger = createLogger({ level: 'debug', format: 'json', process: name, sink: { write } });
    this.#claims = new Claims(this.state, { ...thisProcess(), owner: name });
    this.#keeper = new LeaseKeeper(this.#claims, this.clock, LEASE_MS);
    const options = this.#options();
    this.#executor = new Executor({ ...options, keeper: this.#keeper, maxAttempts: MAX_ATTEMPTS });
    this.#handler = createIngestHandler({ ...options, concurrency: 4, maxAttempts: MAX_ATTEMPTS });
  }

  /** Calls `action` the next time that a point is reached. */
  at(point: CrashPoint, action: () => void): void {
    this.#actions.set(point, action);
  }

  /** Claims once and handles what it got, as a worker does. @returns how many jobs that were */
  async step(lane: Lane = 'batch'): Promise<number> {
    const jobs = this.claim(lane);
    await this.handle(jobs);
    return jobs.length;
  }

  /** Handles what was claimed before, and ends the lease. */
  async handle(jobs: readonly LeasedJob[]): Promise<void> {
    await this.#executor.execute(this.#handler, jobs);
  }

  /** Takes what one claim takes, without doing anything about it. */
  claim(lane: Lane = 'batch'): LeasedJob[] {
    const { clock } = this;
    const limit = lane === 'suspect' ? 1 : this.#handler.lanes[lane].batchSize;
    const request = { kind: 'ingest', lane, limit, leaseMs: LEASE_MS, nowMs: clock.nowMs() };
    const startedMs = clock.monotonicMs();
    const claimed = this.#claims.claim(request);
    if (claimed === undefined) return [];
    const lease = this.#keeper.keep(claimed, startedMs);
    return claimed.jobs.map((job) => ({ ...job, lease }));
  }

  /** The same, and dies at a point: what it held is leased still, and nobody knows that it is dead. */
  async dieAt(point: CrashPoint, lane: Lane = 'batch'): Promise<LeasedJob[]> {
    const jobs = this.claim(lane);
    this.at(point, () => {
      throw new Death(point);
    });
    try {
      await this.#handler.handle(jobs);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      return jobs;
    }
    throw new Error(`${point} was not reached, but ${this.reached.join(', ')}`);
  }

  /** A whole worker, until nothing is left to do. */
  async run(): Promise<void> {
    const worker = this.start();
    worker.drain();
    await worker.finished;
  }

  /** A whole worker, which its `stop` ends. */
  start(): RunningWorker {
    const settings = {
      concurrency: 4,
      leaseMs: LEASE_MS,
      maxAttempts: MAX_ATTEMPTS,
      once: true,
      retryMs: 30_000,
      maxRetries: 0,
      keepRecordsDays: 90,
    };
    const { stopping: signal, ...options } = this.#options();
    // Nothing is uploaded: there is nowhere to search for credentials.
    const nowhere = { env: {}, home: '/nonexistent', threads: 1 };
    return startWorker({
      ...options,
      ...nowhere,
      settings,
      name: this.#name,
      identity: thisProcess(),
      signal,
    });
  }

  /** Takes every lease away, as others do with those that have run out, and gives the jobs back to the queue. */
  takeLeasesOfOthers(): void {
    this.#claims.reclaim(Number.MAX_SAFE_INTEGER, MAX_ATTEMPTS, () => false);
  }

  /** What was said of an event. */
  said(event: string): LogRecord[] {
    return this.log.filter((record) => record.event === event);
  }

  [Symbol.dispose](): void {
    this.#keeper.stop();
    this.state.close();
  }

  #options() {
    const crash: CrashPoints = { reach: (point) => this.#reach(point) };
    const onProgress = (delta: Delta) => void this.progress.push(delta);
    const { state, clock, stop } = this;
    return { state, clock, crash, onProgress, logger: this.#logger, random: () => 1, stopping: stop.signal };
  }

  #reach(point: CrashPoint): void {
    this.reached.push(point);
    const action = this.#actions.get(point);
    this.#actions.delete(point);
    action?.();
  }
}
