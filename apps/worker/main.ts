import type { Clock } from '../../shared/clock.ts';
import type { Settings } from '../../shared/config/settings.ts';
import type { CrashPoints } from '../../shared/crash-points.ts';
import type { ProcessIdentity } from '../../shared/linux/process-identity.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { Claims } from '../../shared/queue/claim.ts';
import { JOB_KINDS, type JobKind, LANES } from '../../shared/queue/job.ts';
import { LeaseKeeper } from '../../shared/queue/lease-keeper.ts';
import type { State } from '../../shared/state/open.ts';
import { Company } from './company.ts';
import { type Delta, NO_DELTA } from './delta.ts';
import { Executor } from './executor.ts';
import type { Handler } from './handler.ts';
import { createArchiveHandler } from './handlers/archive/handler.ts';
import { createIngestHandler } from './handlers/ingest/handler.ts';
import { createLoadHandler } from './handlers/load/handler.ts';
import { createScavengeHandler } from './handlers/scavenge/handler.ts';
import { createUploadHandler } from './handlers/upload/handler.ts';
import { LaneRunner } from './lane-runner.ts';
import { Reclaimer } from './reclaimer.ts';
import { Remaining } from './remaining.ts';
import { WakeTimer } from './wake-timer.ts';

export type WorkerOptions = {
  settings: Pick<
    Settings,
    | 'concurrency'
    | 'leaseMs'
    | 'maxAttempts'
    | 'retryMs'
    | 'maxRetries'
    | 'once'
    | 'kinds'
    | 'keepRecordsDays'
  >;
  /** Shown in logs and as the owner of leases, for example `worker-3`. */
  name: string;
  state: State;
  logger: Logger;
  clock: Clock;
  /** From 0 to 1, for jitter. */
  random: () => number;
  crash: CrashPoints;
  identity: ProcessIdentity;
  /** Aborts to stop: nothing more is claimed, what is in hand is settled or given back. */
  signal: AbortSignal;
  /** Where credentials are searched for that no sink names. */
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Processors that a load may use. */
  threads: number;
  onProgress(delta: Delta): void;
};

export type RunningWorker = {
  /** There may be something new to do. */
  wake(): void;
  /** From now on: finish when nothing is ready, leased, or due in a moment. */
  drain(): void;
  /** Resolves when the worker has stopped or drained; its state may be closed then. */
  finished: Promise<void>;
};

/**
 * How often the lanes are woken where there seems to be nothing: a job that was put off before the clock was set back is no job that is due
 * soon, and a lane makes it ready. Each lane asks for itself, which is most of what an idle worker does.
 */
const WAKE_ANYWAY_MS = 5_000;

/** Claims jobs and has them handled until it is stopped, or until everything is done where it drains. */
export function startWorker(options: WorkerOptions): RunningWorker {
  const { settings, name, state, logger, clock, identity, signal } = options;
  const { leaseMs } = settings;
  const claims = new Claims(state, { ...identity, owner: name });
  const keeper = new LeaseKeeper(claims, clock, leaseMs);
  const executor = new Executor({ ...options, ...settings, keeper, stopping: signal });
  const handlers = handlersOf(options);
  const execute = executor.execute.bind(executor);
  const onTakeFailed = (error: unknown): void => void executor.refused(error);
  const company = new Company(state);
  const lanes: LaneRunner[] = handlers.flatMap((handler) =>
    LANES.map(
      (lane) =>
        new LaneRunner({
          state,
          claims,
          keeper,
          clock,
          leaseMs,
          handler,
          lane,
          company,
          execute,
          onTakeFailed,
          onFree: () => wake(),
        }),
    ),
  );
  const wake = (): void => {
    for (const lane of lanes) lane.wake();
  };
  const reclaimer = new Reclaimer({ ...options, ...settings, claims, onReclaimed: wake });
  const remaining = new Remaining(state, settings.kinds);
  const drained = Promise.withResolvers<void>();
  let draining = false;
  let lastWakeMs = Number.NEGATIVE_INFINITY;

  const look = (): void => {
    const failed = reclaimer.run();
    if (failed > 0) options.onProgress({ ...NO_DELTA, failed });
    const isAnything = remaining.any(clock.nowMs());
    const isDone = draining && lanes.every((lane) => lane.isIdle) && !isAnything;
    const isOver = isDone && !drainAll(handlers);
    if (isOver) drained.resolve();
    else if (isAnything || draining || clock.monotonicMs() - lastWakeMs >= WAKE_ANYWAY_MS) {
      lastWakeMs = clock.monotonicMs();
      wake();
    }
    for (const handler of handlers) handler.tidy?.();
  };
  const timer = new WakeTimer({
    state,
    clock,
    wake: look,
    isBusy: () => lanes.some((lane) => !lane.isIdle),
    onRefused: (error) => void executor.refused(error),
  });
  timer.start();
  signal.addEventListener('abort', () => drained.resolve(), { once: true });
  if (signal.aborted) drained.resolve();
  logger.info({ event: 'worker.started' });

  const finish = async (): Promise<void> => {
    await drained.promise;
    timer.stop();
    await Promise.all(lanes.map((lane) => lane.stop()));
    keeper.stop();
  };
  return {
    wake,
    drain: () => {
      draining = true;
      timer.hurry();
    },
    finished: finish(),
  };
}

/** Of the kinds that this worker takes. */
function handlersOf(options: WorkerOptions): Handler[] {
  const { settings, signal } = options;
  const own = { ...options, ...settings, stopping: signal };
  const creators: Record<JobKind, () => Handler> = {
    ingest: () => createIngestHandler(own),
    upload: () => createUploadHandler(own),
    load: () => createLoadHandler(own),
    archive: () => createArchiveHandler(own),
    scavenge: () => createScavengeHandler(own),
  };
  return (settings.kinds ?? JOB_KINDS).map((kind) => creators[kind]());
}

/** Every kind is asked, also where one has said that there is something to do. */
const drainAll = (handlers: readonly Handler[]): boolean =>
  handlers.map((handler) => handler.drain?.() ?? false).includes(true);
