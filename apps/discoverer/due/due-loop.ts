import type { SteadyClock } from '../completion/steady-clock.ts';
import type { DiscoveredRoute } from '../route.ts';
import type { DueTimer } from './due-timer.ts';
import type { Minder } from './minder.ts';

/** Workers make candidates as well, without a word to us. */
const LOOK_ANYWAY_MS = 1000;

export type DueLoopOptions = {
  /** Those whose input is there: while it is missing, its candidates are not gone. */
  routes: () => readonly DiscoveredRoute[];
  minder: Minder;
  clock: SteadyClock;
  timer: DueTimer;
  signal: AbortSignal;
};

/** Has candidates looked at as they become due: one timer for all of them. @throws the signal's reason when aborted */
export async function runDueLoop({ routes, minder, clock, timer, signal }: DueLoopOptions): Promise<never> {
  for (;;) {
    signal.throwIfAborted();
    const present = routes();
    for (const route of present) {
      const { nowMs } = clock.read();
      await minder.lookAtDue(route, nowMs);
      await minder.reportOverdue(route, nowMs);
    }
    const soonestMs = Math.min(
      ...present.map((route) => minder.nextDueMs(route) ?? Number.POSITIVE_INFINITY),
    );
    const { nowMs } = clock.read();
    await timer.wait(nowMs, Math.min(LOOK_ANYWAY_MS, Math.max(1, soonestMs - nowMs)), signal);
  }
}
