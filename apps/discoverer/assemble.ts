import type { Clock } from '../../shared/clock.ts';
import type { Settings } from '../../shared/config/settings.ts';
import type { CrashPoints } from '../../shared/crash-points.ts';
import { SidecarRemovals } from '../../shared/ledger/sidecar-removals.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { State } from '../../shared/state/open.ts';
import { Completion } from './completion/completion.ts';
import { NoLeases } from './completion/no-leases.ts';
import { SteadyClock } from './completion/steady-clock.ts';
import { DueTimer } from './due/due-timer.ts';
import { Minder } from './due/minder.ts';
import { BackPressure } from './enqueue/back-pressure.ts';
import { Patience } from './enqueue/patience.ts';
import { Writer } from './enqueue/writer.ts';
import { Former } from './former.ts';
import { Judge } from './judge.ts';
import type { Kernel } from './kernel.ts';
import { type DiscoveredRoute, saveRoute, saveUploadRoutes } from './route.ts';
import { Refusals } from './scan/refusals.ts';
import { Sweeper } from './scan/sweeper.ts';

export type DiscovererSettings = Pick<
  Settings,
  'routes' | 'uploadRoutes' | 'queueLimit' | 'once' | 'statePath'
> &
  Partial<Pick<Settings, 'keepRecordsDays'>>;

export type AssembleOptions = {
  settings: DiscovererSettings;
  state: State;
  logger: Logger;
  clock: Clock;
  signal: AbortSignal;
  onEnqueued(count: number): void;
  crash: CrashPoints;
  kernel: Kernel;
};

/** What both a single pass and watching are made of. */
export type Parts = AssembleOptions & {
  routes: readonly DiscoveredRoute[];
  patience: Patience;
  steadyClock: SteadyClock;
  /** Wakes who looks at candidates. */
  timer: DueTimer;
  completion: Completion;
  judge: Judge;
  writer: Writer;
  minder: Minder;
  sweeper: Sweeper;
  refusals: Refusals;
};

/** In service the state file is waited for; a single pass is run by somebody who wants to know. */
const MOST_REFUSALS_ONCE = 3;
const WAITS = { firstMs: 500, longestMs: 10_000 };

/** Makes the parts, and stores the routes. Starts nothing. @throws as `Patience` does where they cannot be stored */
export async function assemble(options: AssembleOptions): Promise<Parts> {
  const { settings, state, logger, kernel } = options;
  const clock = new SteadyClock(options.clock);
  const noLeases = new NoLeases(logger);
  const completion = new Completion({
    kernel,
    removals: new SidecarRemovals(state),
    onNoLeases: (route) => noLeases.met(route),
  });
  const judge = new Judge({ state, completion, clock });
  const mostRefusals = settings.once ? MOST_REFUSALS_ONCE : Number.POSITIVE_INFINITY;
  const patience = new Patience({ ...options, statePath: settings.statePath, mostRefusals, waits: WAITS });
  const timer = new DueTimer();
  const writer = new Writer({
    ...options,
    clock,
    pressure: new BackPressure({ ...options, queueLimit: settings.queueLimit }),
    onDue: (dueMs) => timer.consider(dueMs),
    onWritten: () => patience.worked(),
  });
  const former = new Former({ ...options, clock });
  return {
    ...options,
    routes: await patience.with(async () => saveRoutes(settings, state, former)),
    patience,
    steadyClock: clock,
    timer,
    completion,
    judge,
    writer,
    minder: new Minder({ ...options, judge, writer, clock }),
    sweeper: new Sweeper({
      ...options,
      keepRecordsDays: settings.keepRecordsDays,
      clock,
      judge,
      writer,
      former,
    }),
    refusals: new Refusals(logger),
  };
}

function saveRoutes(
  settings: Pick<Settings, 'routes' | 'uploadRoutes'>,
  state: State,
  former: Former,
): DiscoveredRoute[] {
  const routes = [
    ...saveUploadRoutes(settings.uploadRoutes, state),
    ...settings.routes.map((route) => saveRoute(route, state)),
  ];
  for (const route of routes) former.drop(route);
  return routes;
}
