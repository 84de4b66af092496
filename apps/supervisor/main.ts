import { archivesFiles, loadsFiles, sendsFiles } from '../../shared/config/settings.ts';
import { EXIT, type ExitCode } from '../../shared/errors.ts';
import type { ScanReport } from '../../shared/ipc/messages.ts';
import type { MetricsServer } from '../../shared/metrics/server.ts';
import { startMetricsServer } from './metrics-endpoint.ts';
import { exitCodeOfOnce, logOnceSummary } from './once-summary.ts';
import { assembleParts, type Parts, type SupervisorOptions } from './parts.ts';

/**
 * Forks the discoverers and the workers and keeps them alive, until it is asked to stop or, with `once`, until all is done. It owns
 * nothing durable: killed at any moment it loses nothing, and its children stop by themselves.
 *
 * The first signal stops in good order within `stopMs`, the second one at once; both are a stop as asked, with exit code 0, also
 * under `once`. What was in hand then is recovered by the next run.
 *
 * @returns the exit code: 0, or 3 where a `once` run leaves failed or delayed jobs behind
 * @throws EnvironmentError, UsageError where the children cannot work for that reason, or the metrics port cannot be had
 */
export async function runSupervisor(options: SupervisorOptions): Promise<ExitCode> {
  const parts = assembleParts(options);
  const { crew, live, reporter, signals, logger } = parts;
  const { settings } = options;
  let server: MetricsServer | undefined;
  try {
    server = await startMetricsServer(options, parts);
    logStart(options, parts);
    crew.start();
    reporter.start();
    live?.start();
    const startedAtMs = options.clock.monotonicMs();
    const ending = await ended(parts);
    await stop(parts, ending, settings.stopMs);
    if (ending.kind === 'failed') throw ending.error;
    if (ending.kind === 'stopped') return EXIT.done;
    const outcome = {
      done: parts.meter.totals,
      stats: parts.stats.now(),
      report: ending.report,
      takes: settings.routes.length > 0,
      sends: sendsFiles(settings),
      loads: loadsFiles(settings),
      archives: archivesFiles(settings),
      kinds: settings.kinds,
      durationMs: options.clock.monotonicMs() - startedAtMs,
    };
    logOnceSummary(logger, outcome);
    return exitCodeOfOnce(outcome);
  } finally {
    crew.kill();
    live?.stop();
    signals.close();
    await server?.close();
  }
}

type Ending =
  | { kind: 'stopped'; signal: NodeJS.Signals }
  | { kind: 'finished'; report: ScanReport }
  | { kind: 'failed'; error: Error };

/** What makes the program end, whichever comes first. */
const ended = ({ crew, signals }: Parts): Promise<Ending> =>
  Promise.race([
    signals.first.then((signal): Ending => ({ kind: 'stopped', signal })),
    crew.cannotGoOn.then((error): Ending => ({ kind: 'failed', error })),
    crew.passDone.then((report): Ending => ({ kind: 'finished', report })),
  ]);

async function stop(
  { crew, live, reporter, signals, logger }: Parts,
  ending: Ending,
  stopMs: number,
): Promise<void> {
  if (ending.kind === 'stopped') {
    const { signal } = ending;
    const message = `${signal}: finishing what is in hand; a second signal stops at once`;
    logger.info({ event: 'supervisor.stopping', signal }, message);
  }
  void signals.second.then(() => crew.kill());
  const lastSample = ending.kind === 'stopped' ? reporter.sample() : undefined;
  await crew.stop(stopMs);
  await lastSample;
  reporter.stop();
  if (ending.kind === 'finished') live?.finish();
  live?.stop();
  logger.info({ event: 'supervisor.stopped' });
}

function logStart({ settings, version }: SupervisorOptions, { logger }: Parts): void {
  const { workers, statePath, routes, uploadRoutes } = settings;
  const taken = routes.map((route) => route.input);
  const uploaded = uploadRoutes.map((route) => route.input);
  logger.info(
    { event: 'supervisor.started', version, workers, state_path: statePath, inputs: [...taken, ...uploaded] },
    [
      ...(taken.length > 0 ? [`taking files from ${taken.join(', ')}`] : []),
      ...(uploaded.length > 0 ? [`uploading files from ${uploaded.join(', ')}`] : []),
      ...(settings.discoverers === 'none' ? [`loading what waits in ${statePath}`] : []),
    ].join('; '),
  );
}
