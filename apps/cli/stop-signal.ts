import type { Clock } from '../../shared/clock.ts';
import { type SignalSource, StopSignals } from '../supervisor/stop-signals.ts';

export type StopOptions = {
  signals: SignalSource;
  clock: Clock;
  /** Ends the process. */
  exit(): void;
};

/** Takes SIGINT and SIGTERM over: the first aborts, the second ends the process, and so does `withinMs` after the first. */
export function takeStopSignals({ signals, clock, exit }: StopOptions, withinMs?: number): AbortSignal {
  const stop = new AbortController();
  const { first, second } = new StopSignals(signals, () => clock.monotonicMs());
  void first.then(() => {
    stop.abort();
    // It keeps nothing alive: a process that has ended by then has ended well.
    if (withinMs !== undefined) setTimeout(exit, withinMs).unref();
  });
  void second.then(exit);
  return stop.signal;
}
