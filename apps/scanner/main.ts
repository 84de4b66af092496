import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';
import { requireStore } from '../../shared/config/prepare-scan.ts';
import type { ScanSettings } from '../../shared/config/resolve-scan.ts';
import { EnvironmentError, errnoOf } from '../../shared/errors.ts';
import { type BytePath, fromText, toText } from '../../shared/fs/byte-path.ts';
import type { LeaseKernel } from '../../shared/fs/writer-of.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { State } from '../../shared/state/open.ts';
import { SinkTasks } from '../../shared/tables/sink-tasks.ts';
import { saveStore } from './save-store.ts';
import { type ScanOutcome, scanStore } from './scan-store.ts';

export type ScannerOptions = {
  settings: ScanSettings;
  state: State;
  logger: Logger;
  clock: Clock;
  kernel: LeaseKernel;
  /** Aborts to stop: what was taken stays taken. */
  signal: AbortSignal;
};

/**
 * Scans a store once, or every interval until it is stopped. It loads nothing; with `once` the tasks are ready for whoever does when this
 * returns, and before each gathers for as long as its sink says.
 *
 * @returns what the one scan of `once` came to; undefined where it was stopped
 * @throws EnvironmentError where the store is not there at the start, or the state file refuses; UsageError
 */
export async function runScanner(options: ScannerOptions): Promise<ScanOutcome | undefined> {
  const { settings, state, clock, signal } = options;
  requireStore(settings.store);
  const sinkId = saveStore(settings, state);
  try {
    if (settings.once) {
      const outcome = await scan(options, sinkId);
      new SinkTasks(state, sinkId).endGathering(clock.nowMs());
      return outcome;
    }
    await scanAgainAndAgain(options, sinkId);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

/** A store that is gone for a while, as a file system that is mounted anew, is waited for. */
async function scanAgainAndAgain(options: ScannerOptions, sinkId: number): Promise<never> {
  const { settings, clock, logger, signal } = options;
  const { store, intervalMs } = settings;
  for (let isThere = true; ; ) {
    const startedMs = clock.monotonicMs();
    try {
      await scan(options, sinkId);
      if (!isThere) logger.info({ event: 'store.recovered', store }, `the store ${store} is there again`);
      isThere = true;
    } catch (error) {
      if (!(error instanceof EnvironmentError) || !error.code.startsWith('store.')) throw error;
      if (isThere) logger.error({ event: 'store.missing', store, reason: error.message }, error.message);
      isThere = false;
    }
    await sleep(Math.max(0, startedMs + intervalMs - clock.monotonicMs()), undefined, { signal });
  }
}

async function scan(options: ScannerOptions, sinkId: number): Promise<ScanOutcome> {
  const { settings, clock, logger } = options;
  const { store } = settings;
  const startedMs = clock.monotonicMs();
  const outcome = await scanStore({
    ...options,
    sinkId,
    onRefused: (error, directory) => refused(error, directory, options),
  });
  const { isWhole, ...counts } = outcome;
  const message = `${counts.added} of ${counts.seen} files are new`;
  const duration = clock.monotonicMs() - startedMs;
  logger.info({ event: 'store.scanned', store, ...counts, whole: isWhole, duration_ms: duration }, message);
  return outcome;
}

/** The store itself must be there; a directory of it that cannot be read is said, and the rest is scanned. */
function refused(error: unknown, directory: BytePath, { settings, logger }: ScannerOptions): void {
  const reason = errnoOf(error);
  if (reason === undefined) throw error;
  if (directory === fromText(settings.store)) {
    requireStore(settings.store);
    throw new EnvironmentError(`the store ${settings.store} cannot be read (${reason})`, {
      code: 'store.unreadable',
      subject: settings.store,
      hint: 'mend its file system, or give another with --store',
      cause: error,
    });
  }
  const path = toText(directory);
  logger.warn(
    { event: 'scan.refused', path, reason },
    `${path} cannot be read (${reason}): its files are not seen`,
  );
}
