import type { Delta } from '../../apps/worker/delta.ts';
import { Executor } from '../../apps/worker/executor.ts';
import type { Handler } from '../../apps/worker/handler.ts';
import { createArchiveHandler } from '../../apps/worker/handlers/archive/handler.ts';
import type { ArchiveTools } from '../../apps/worker/handlers/archive/tools.ts';
import { createScavengeHandler } from '../../apps/worker/handlers/scavenge/handler.ts';
import { realTools, type ScavengeTools } from '../../apps/worker/handlers/scavenge/tools.ts';
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

export type ArchiveHandTools = { archive?: ArchiveTools; scavenge?: Partial<ScavengeTools> };

export type ArchiveKind = 'archive' | 'scavenge';

/** One worker that archives, led claim by claim, with its own connection to the state file. */
export class ArchiveHand implements Disposable {
  readonly clock = new TurnableClock();
  readonly state: State;
  readonly stop = new AbortController();
  readonly log: LogRecord[] = [];
  readonly progress: Delta[] = [];
  readonly handlers: Record<ArchiveKind, Handler>;
  readonly #claims: Claims;
  readonly #keeper: LeaseKeeper;
  readonly #executor: Executor;
  readonly #actions = new Map<CrashPoint, { left: number; action: () => void }>();

  constructor(statePath: string, tools: ArchiveHandTools = {}, name = 'worker-1') {
    this.state = openState(statePath);
    const { state, clock, stop } = this;
    const write = (line: string) => void this.log.push(JSON.parse(line));
    const logger = createLogger({ level: 'debug', format: 'json', process: name, sink: { write } });
    const identity = thisProcess();
    this.#claims = new Claims(state, { ...identity, owner: name });
    this.#keeper = new LeaseKeeper(this.#claims, clock, LEASE_MS);
    const options = {
      state,
      logger,
      clock,
      random: () => 1,
      crash: { reach: (point: CrashPoint) => this.#reach(point) },
      identity,
      stopping: stop.signal,
      retryMs: 1000,
      onProgress: (delta: Delta) => void this.progress.push(delta),
    };
    this.handlers = {
      archive: createArchiveHandler(options, tools.archive),
      scavenge: createScavengeHandler(options, { ...realTools, ...tools.scavenge }),
    };
    this.#executor = new Executor({ ...options, keeper: this.#keeper, maxAttempts: 5 });
  }

  /** Calls `action` the next time that a point is reached, or the `nth` time. */
  at(point: CrashPoint, action: () => void, nth = 1): void {
    this.#actions.set(point, { left: nth, action });
  }

  /** Claims once, and handles what it got. @returns how many jobs that were */
  async step(kind: ArchiveKind, lane: Lane = 'batch'): Promise<number> {
    const jobs = this.claim(kind, lane);
    await this.#executor.execute(this.handlers[kind], jobs);
    return jobs.length;
  }

  /** Everything, as a run that ends does. */
  async run(): Promise<void> {
    for (let jobs = 1; jobs > 0; ) {
      jobs = 0;
      for (const kind of ['archive', 'scavenge'] as const)
        for (const lane of ['batch', 'alone', 'suspect'] as const) jobs += await this.step(kind, lane);
      if (jobs === 0 && this.handlers.scavenge.drain?.() === true) jobs = 1;
    }
  }

  claim(kind: ArchiveKind, lane: Lane = 'batch'): LeasedJob[] {
    const limit = lane === 'suspect' ? 1 : this.handlers[kind].lanes[lane].batchSize;
    const startedMs = this.clock.monotonicMs();
    const nowMs = this.clock.nowMs();
    const claimed = this.#claims.claim({ kind, lane, limit, leaseMs: LEASE_MS, nowMs });
    if (claimed === undefined) return [];
    const lease = this.#keeper.keep(claimed, startedMs);
    return claimed.jobs.map((job) => ({ ...job, lease }));
  }

  /** Handles what was claimed before, and ends the lease. */
  async handle(kind: ArchiveKind, jobs: readonly LeasedJob[]): Promise<void> {
    await this.#executor.execute(this.handlers[kind], jobs);
  }

  /** Dies at a point: what it held is leased still. */
  async dieAt(kind: ArchiveKind, point: CrashPoint, nth = 1): Promise<void> {
    const jobs = this.claim(kind);
    this.at(
      point,
      () => {
        throw new Death(point);
      },
      nth,
    );
    try {
      await this.handlers[kind].handle(jobs);
    } catch (error) {
      if (error instanceof Death) return;
      throw error;
    }
    throw new Error(`${point} was not reached`);
  }

  /** Takes every lease away, as others do with those that have run out, and gives the jobs back to the queue. */
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
    const armed = this.#actions.get(point);
    if (armed === undefined) return;
    armed.left -= 1;
    if (armed.left > 0) return;
    this.#actions.delete(point);
    armed.action();
  }
}
