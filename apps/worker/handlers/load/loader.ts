import { UsageError } from '../../../../shared/errors.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import { TargetError } from '../../../../shared/tables/errors.ts';
import type { Target } from '../../../../shared/tables/targets/target.ts';
import { NO_DELTA } from '../../delta.ts';
import { absenceOf } from './absent.ts';
import { acceptTasks, bySink, byTarget } from './accept.ts';
import type { LoadOptions } from './handler.ts';
import { TableLoad } from './load-table.ts';
import { reportSettled, reportStopped } from './report.ts';
import { makeScratch, type Scratch } from './scratch.ts';
import type { LoadStore } from './store.ts';
import type { TableSink, TaskInHand } from './task-in-hand.ts';
import type { LoadTools, Sniffer } from './tools.ts';
import { giveBack, type Stopped, stopAtTrouble, waitFor } from './trouble.ts';
import { Turns } from './turns.ts';

/** Of a load: the next is read while it runs, and the end of each costs a target some time. */
const PIECE_BYTES = 128 * 1024 * 1024;
/** Of the first one, where it makes no file of its own. */
const FIRST_PIECE_BYTES = 32 * 1024 * 1024;

/** When a warehouse that is not mounted is looked for again. */
const LOOK_AGAIN_MS = 60_000;

/** A target that was found away is not asked again for tasks that come meanwhile; but no longer than this, since a person may have mended it. */
const LONGEST_SHARED_MS = 30_000;

/** A target that somebody else has is asked for again after this and up to as long more. */
const BUSY_MS = 500;
const BUSY_JITTER_MS = 1_500;

export type LoaderOptions = LoadOptions & {
  store: LoadStore;
  tools: LoadTools;
  /** Files that one load may hold open. */
  mostFiles: number;
  /** Another worker of ours has the target: nothing more is to be taken before this moment of the monotonic clock. */
  onBusy(untilMonotonicMs: number): void;
};

/** After so long the one who has it is in no hurry: then it is asked seldom, and `--once` leaves its tasks to a later run. */
const LONG_BUSY_MS = 60_000;
/** Until then it is no news: another worker of ours may be at the end of a load. */
const SAY_BUSY_MS = 5_000;
const SELDOM_MS = 30_000;

type Closed = { untilMs: number; reason: string };

/** What one claim uses. */
type Claim = { signal: AbortSignal; scratch(): string; sniffer(): Promise<Sniffer> };

/** Loads the tasks of a claim into their tables. The steps, and what each crash leaves, stand in docs/tables.md. */
export class Loader {
  readonly #options: LoaderOptions;
  readonly #turns = new Turns();
  readonly #closed = new Map<string, Closed>();
  /** Since when, of the monotonic clock, a target was found in the hands of others each time. */
  readonly #busySinceMs = new Map<string, number>();
  readonly #saidBusy = new Set<string>();

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /** One load at a time in this process: its memory has a bound, and a DuckDB file is not opened twice. */
  async handle(jobs: readonly LeasedJob[]): Promise<void> {
    const { crash, stopping } = this.#options;
    crash.reach('load.claimed');
    const signal = AbortSignal.any([stopping, ...new Set(jobs.map(({ lease }) => lease.lost))]);
    const endTurn = await this.#turns.take();
    try {
      await this.#handle(jobs, signal);
    } finally {
      endTurn();
    }
  }

  async #handle(jobs: readonly LeasedJob[], signal: AbortSignal): Promise<void> {
    const { store, clock, state, tools } = this.#options;
    if (signal.aborted) return;
    const tasks = acceptTasks(jobs, store, clock.monotonicMs());
    let scratch: Scratch | undefined;
    let sniffer: Promise<Sniffer> | undefined;
    const claim: Claim = {
      signal,
      scratch: () => {
        scratch ??= makeScratch(`${state.name}.scratch`, clock.nowMs());
        return scratch.path;
      },
      sniffer: () => {
        sniffer ??= tools.openSniffer(claim.scratch());
        return sniffer;
      },
    };
    try {
      for (const [name, group] of byTarget(tasks)) {
        if (signal.aborted) break;
        await this.#loadInto(name, group, claim);
      }
    } finally {
      (await sniffer?.catch(() => undefined))?.close();
      scratch?.remove();
    }
    for (const { job } of tasks) job.lease.lost.throwIfAborted();
    giveBack(tasks.filter(isLeft), store, clock.nowMs());
  }

  async #loadInto(name: string, group: readonly TaskInHand[], claim: Claim): Promise<void> {
    const { clock, tools } = this.#options;
    const closed = this.#closed.get(name);
    if (closed !== undefined && closed.untilMs > clock.nowMs()) return this.#wait(group, closed);
    const tasks = this.#withoutAbsent(group);
    const [first] = tasks;
    if (first === undefined) return;
    try {
      const target = await tools.openTarget(first.sink.settings.target, claim.scratch());
      this.#busySinceMs.delete(name);
      this.#saidBusy.delete(name);
      try {
        for (const [sink, ofSink] of bySink(tasks)) await this.#loadTable(target, sink, ofSink, claim);
      } finally {
        await target.close();
      }
      this.#closed.delete(name);
    } catch (error) {
      if (claim.signal.aborted) return;
      if (!(error instanceof TargetError)) throw error;
      this.#stop(error, name, tasks.filter(isLeft));
    }
  }

  /** What a table refuses is its own tasks' end; other trouble is the target's. */
  async #loadTable(
    target: Target,
    sink: TableSink,
    tasks: readonly TaskInHand[],
    claim: Claim,
  ): Promise<void> {
    const { store, tools, clock, crash, logger, mostFiles, onProgress } = this.#options;
    if (claim.signal.aborted) return;
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const load = new TableLoad({
      target,
      sink,
      store,
      tools,
      sniffer: claim.sniffer,
      scratch: claim.scratch(),
      clock,
      crash,
      signal: claim.signal,
      limits: {
        files: mostFiles,
        bytes: PIECE_BYTES,
        firstBytes: sink.settings.target.is === 'parquet' ? PIECE_BYTES : FIRST_PIECE_BYTES,
      },
      onSettled: (settled) => onProgress(reportSettled(settled, byId, logger, clock.monotonicMs())),
      onLeft: (left, until) => this.#wait(left, until, 'debug'),
    });
    try {
      await load.run(tasks);
    } catch (error) {
      if (claim.signal.aborted) return;
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      this.#report(stopAtTrouble(refusal, tasks.filter(isLeft), this.#troubleContext()));
    }
  }

  #withoutAbsent(tasks: readonly TaskInHand[]): TaskInHand[] {
    const { store, clock } = this.#options;
    return tasks.filter((task) => {
      const reason = absenceOf(task, store);
      if (reason === undefined) return true;
      this.#wait([task], { reason, untilMs: clock.nowMs() + LOOK_AGAIN_MS });
      return false;
    });
  }

  #stop(error: TargetError, name: string, tasks: readonly TaskInHand[]): void {
    if (tasks.length === 0) return;
    if (error.trouble === 'busy') {
      this.#stepAside(error, name, tasks);
      return;
    }
    const stopped = stopAtTrouble(error, tasks, this.#troubleContext());
    if (stopped.waiting.length > 0) {
      const untilMs = Math.min(stopped.untilMs, this.#options.clock.nowMs() + LONGEST_SHARED_MS);
      this.#closed.set(name, { untilMs, reason: stopped.reason });
    }
    this.#report(stopped);
  }

  /**
   * Somebody else has the target. Where that is a worker of ours the tasks stay ready, so that it finds them and goes on, and this one takes
   * nothing for a moment; else they wait, and say why.
   */
  #stepAside(error: TargetError, name: string, tasks: readonly TaskInHand[]): void {
    const { store, clock, random, onBusy, logger } = this.#options;
    const pauseMs = Math.ceil(BUSY_MS + random() * BUSY_JITTER_MS);
    const nowMs = clock.nowMs();
    const sinceMs = this.#busySinceMs.get(name) ?? clock.monotonicMs();
    this.#busySinceMs.set(name, sinceMs);
    const token = tasks[0]?.job.lease.token ?? 0;
    if (!store.jobs.areOthersLoading(token)) {
      const busyMs = clock.monotonicMs() - sinceMs;
      const untilMs = nowMs + (busyMs >= LONG_BUSY_MS ? SELDOM_MS : pauseMs);
      const isNews = busyMs >= SAY_BUSY_MS && !this.#saidBusy.has(name);
      if (isNews) this.#saidBusy.add(name);
      this.#wait(tasks, { reason: error.message, untilMs }, isNews ? 'warn' : 'debug');
      return;
    }
    giveBack(tasks, store, nowMs);
    onBusy(clock.monotonicMs() + pauseMs);
    logger.debug({ event: 'load.waiting', tasks: tasks.length, reason: error.message });
  }

  #wait(tasks: readonly TaskInHand[], closed: Closed, level: 'warn' | 'debug' = 'warn'): void {
    const { store, clock } = this.#options;
    this.#report(waitFor(tasks, closed, store, clock.nowMs()), level);
  }

  #report(stopped: Stopped, level: 'warn' | 'debug' = 'warn'): void {
    const { logger, onProgress } = this.#options;
    const failed = reportStopped(stopped, logger, level);
    if (failed > 0) onProgress({ ...NO_DELTA, failed });
  }

  #troubleContext() {
    const { store, clock, random, retryMs, maxRetries } = this.#options;
    return { store, nowMs: clock.nowMs(), random, retryMs, maxRetries };
  }
}

/** What a person has to mend: in the target, or in the sink. */
function refusalOf(error: unknown): TargetError | undefined {
  if (error instanceof TargetError) return error.trouble === 'refused' ? error : undefined;
  if (!(error instanceof UsageError)) return undefined;
  const { message, code, hint } = error;
  return new TargetError('refused', message, { code, ...(hint === undefined ? {} : { hint }), cause: error });
}

const isLeft = ({ over }: TaskInHand): boolean => !over;
