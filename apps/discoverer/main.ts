import type { Clock } from '../../shared/clock.ts';
import { type CrashPoints, noCrashPoints } from '../../shared/crash-points.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { State } from '../../shared/state/open.ts';
import { assemble, type DiscovererSettings } from './assemble.ts';
import { keepWatching } from './keep-watching.ts';
import { type Kernel, linux } from './kernel.ts';
import { onePass } from './one-pass.ts';
import type { DiscovererReport } from './report.ts';

export type { DiscovererReport } from './report.ts';

export type DiscovererOptions = {
  settings: DiscovererSettings;
  state: State;
  logger: Logger;
  clock: Clock;
  /** Aborts to stop: what is found and not written yet is found again by the next run. */
  signal: AbortSignal;
  /** So many jobs are new, and durable. */
  onEnqueued(count: number): void;
  crash?: CrashPoints;
  kernel?: Kernel;
};

/**
 * Finds the files that are complete and puts a job into the queue for each. With `once` it makes one pass and reports it; else it
 * goes on until `signal` aborts. Any number may run on one state file; killed at any moment it loses nothing.
 *
 * @throws EnvironmentError where an input must be there, or be watched, and cannot be; where the state file refuses for good
 */
export async function runDiscoverer(options: DiscovererOptions): Promise<DiscovererReport> {
  const { settings, crash = noCrashPoints, kernel = linux } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  try {
    const parts = await assemble({ ...options, signal, crash, kernel });
    if (settings.once) return await parts.patience.with(() => onePass(parts));
    await keepWatching(parts, () => failed.abort());
  } catch (error) {
    if (!isStop(error, options.signal)) throw error;
  }
  return NOTHING;
}

/** Timers wrap the reason in an error of their own. */
const isStop = (error: unknown, signal: AbortSignal): boolean =>
  signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'));

/** Of what was stopped: each scan meets the same files again, so nobody counts. */
const NOTHING: DiscovererReport = {
  seenFiles: 0,
  enqueuedJobs: 0,
  incompleteFiles: 0,
  incomplete: [],
  excludedFiles: 0,
};
