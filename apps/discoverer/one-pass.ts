import type { Clock } from '../../shared/clock.ts';
import type { State } from '../../shared/state/open.ts';
import type { Minder } from './due/minder.ts';
import { type DiscovererReport, reportOf } from './report.ts';
import type { DiscoveredRoute } from './route.ts';
import { requireInput } from './scan/input-directory.ts';
import type { Refusals } from './scan/refusals.ts';
import { type ScanOptions, scan } from './scan/scan.ts';
import type { Sweeper } from './scan/sweeper.ts';

export type OnePassOptions = Pick<ScanOptions, 'judge' | 'writer' | 'signal'> & {
  routes: readonly DiscoveredRoute[];
  state: State;
  sweeper: Sweeper;
  minder: Minder;
  clock: Clock;
  refusals: Refusals;
};

/**
 * Looks at everything once and enqueues what is complete. What is not stays a candidate, so that the next pass goes on from there: two
 * observations may be those of two passes.
 *
 * @throws EnvironmentError where an input is not there
 */
export async function onePass(options: OnePassOptions): Promise<DiscovererReport> {
  const { routes, state, sweeper, minder, clock, refusals } = options;
  const counts = { seen: 0, excluded: 0, enqueued: 0 };
  for (const route of routes) {
    requireInput(route.input);
    const met = await scan(route.input, {
      ...options,
      route,
      enter: () => true,
      onRefused: (error, directory) => refusals.refused(error, directory),
    });
    await sweeper.sweep(route, met);
    counts.seen += met.seen;
    counts.excluded += met.excluded;
    counts.enqueued += met.enqueued;
  }
  // Those that became complete while the pass went on; with a moment for all, it ends.
  const nowMs = clock.nowMs();
  for (const route of routes) {
    counts.enqueued += await minder.lookAtDue(route, nowMs);
    await minder.reportOverdue(route, nowMs);
  }
  return reportOf(counts, routes, state);
}
