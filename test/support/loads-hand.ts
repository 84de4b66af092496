import type { Delta } from '../../apps/worker/delta.ts';
import { Executor } from '../../apps/worker/executor.ts';
import type { Handler } from '../../apps/worker/handler.ts';
import { createLoadHandler } from '../../apps/worker/handlers/load/handler.ts';
import type { LoadTools } from '../../apps/worker/handlers/load/tools.ts';
import type { CrashPoint } from '../../shared/crash-points.ts';
import { thisProcess } from '../../shared/linux/process-identity.ts';
import { createLogger } from '../../shared/log/logger.ts';
import { Claims } from '../../shared/queue/claim.ts';
import type { Lane } from '../../shared/queue/job.ts';
import { LeaseKeeper } from '../../shared/queue/lease-keeper.ts';
import type { LeasedJob } from '../../shared/queue/lease-store.ts';
import { openState, type State } from '../../shared/state/open.ts';
import { TurnableClock } from './custody-clock.ts';
import type { LogRecord } from './custody-hand.ts';

const LEASE_MS = 30_000;

class Death extends Error {}

/** One worker that loads, led claim by claim, with its own connection to the state file. */
export class LoadHand implements Disposable {
  readonly clock = new TurnableClock();
  readonly state: State;
  readonly stop = new AbortController();
  readonly log: LogRecord[] = [];
  readonly progress: Delta[] = [];
  readonly handler: Handler;
  readonly #claims: Claims;
  readonly #keeper: LeaseKeeper;
  readonly #executor: Executor;
  readonly #actions = new Map<CrashPoint, () => void>();

  constructor(statePath: string, tools: LoadTools, name: string) {
    this.state = openState(statePath);
    const { state, clock, stop } = this;
    const write = (line: string) => void this.log.push(JSON.parse(line));
    const logger = createLogger({ level: 'debug', format: 'json', process: name, sink: { write } });
    this.#claims = new Claims(state, { ...thisProcess(), owner: name });
    this.#keeper = new LeaseKeeper(this.#claims, clock, LEASE_MS);
    const options = {
      state,
      logger,
      clock,
      random: () => 1,
      crash: { reach: (point: CrashPoint) => this.#reach(point) },
      stopping: stop.signal,
      env: {},
      home: '/nonexistent',
      retryMs: 1000,
      maxRetries: 2,
      threads: 1,
      onProgress: (delta: Delta) => void this.progress.push(delta),
    };
    this.handler = createLoadHandler(options, tools);
    this.#executor = new Executor({ ...options, keeper: this.#keeper, maxAttempts: 5 });
  }

  /** Calls `action` the next time that a point is reached. */
  at(point: CrashPoint, action: () => void): void {
    this.#actions.set(point, action);
  }

  /** Claims once, and handles what it got. @returns how many tasks that were */
  async step(lane: Lane = 'batch'): Promise<number> {
    const jobs = this.claim(lane);
    await this.handle(jobs);
    return jobs.length;
  }

  claim(lane: Lane = 'batch'): LeasedJob[] {
    if (this.handler.mayTake?.() === false) return [];
    const limit = lane === 'suspect' ? 1 : this.handler.lanes[lane].batchSize;
    const startedMs = this.clock.monotonicMs();
    const claimed = this.#claims.claim({
      kind: 'load',
      lane,
      limit,
      leaseMs: LEASE_MS,
      nowMs: this.clock.nowMs(),
    });
    if (claimed === undefined) return [];
    const lease = this.#keeper.keep(claimed, startedMs);
    return claimed.jobs.map((job) => ({ ...job, lease }));
  }

  async handle(jobs: readonly LeasedJob[]): Promise<void> {
    await this.#executor.execute(this.handler, jobs);
  }

  /** Dies at a point: what it held is leased still. */
  async dieAt(point: CrashPoint): Promise<void> {
    const jobs = this.claim();
    this.at(point, () => {
      throw new Death(point);
    });
    try {
      await this.handler.handle(jobs);
    } catch (error) {
      if (error instanceof Death) return;
      throw error;
    }
    throw new Error(`${point} was not reached`);
  }

  /** Takes every lease away, as others do with those that have run out. */
  takeLeasesOfOthers(): void {
    this.#claims.reclaim(Number.MAX_SAFE_INTEGER, 5, () => false);
  }

  said(event: string): LogRecord[] {
    return this.log.filter((record) => record.event === event);
  }

  [Symbol.dispose](): void {
    this.#keeper.stop();
    this.state.close();
  }

  #reach(point: CrashPoint): void {
    const action = this.#actions.get(point);
    this.#actions.delete(point);
    action?.();
  }
}
