import type { Clock } from '../../shared/clock.ts';
import { archivesFiles, loadsFiles, type Settings, sendsFiles } from '../../shared/config/settings.ts';
import { createLogger, type Logger } from '../../shared/log/logger.ts';
import { Meter } from '../../shared/metrics/meter.ts';
import type { QueueStats } from '../../shared/queue/inspect/stats.ts';
import { Crew } from './crew.ts';
import { defaultEntries, type Entries } from './entries.ts';
import { MetricsReporter } from './metrics-reporter.ts';
import { BACKOFF, type BackoffTimes } from './restart-backoff.ts';
import { StatsSource } from './stats-source.ts';
import { type SignalSource, StopSignals } from './stop-signals.ts';
import { LiveLine } from './terminal/live-line.ts';
import { progressBar } from './terminal/progress-bar.ts';
import { statusLine } from './terminal/status-line.ts';
import type { Stderr } from './terminal/stderr.ts';

export type SupervisorOptions = {
  settings: Settings;
  version: string;
  clock: Clock;
  stderr: Stderr;
  /** Colours in the pretty log format. */
  colour: boolean;
  /** Where SIGINT and SIGTERM come from: `process`. */
  signals: SignalSource;
  /** Reads the state file, which exists by now. */
  readStats: () => QueueStats;
  entries?: Entries;
  backoff?: BackoffTimes;
  metricsEveryMs?: number;
};

/** What a supervisor is made of; nothing of it runs yet. */
export type Parts = {
  logger: Logger;
  meter: Meter;
  stats: StatsSource;
  crew: Crew;
  reporter: MetricsReporter;
  signals: StopSignals;
  /** On a terminal only. */
  live: LiveLine | undefined;
};

const METRICS_EVERY_MS = 10_000;

export function assembleParts(options: SupervisorOptions): Parts {
  const { settings, clock, stderr, colour } = options;
  const meter = new Meter(clock);
  let render = (_width: number) => '';
  const live = stderr.isTerminal ? new LiveLine(stderr, (width) => render(width)) : undefined;
  const logger = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    process: 'supervisor',
    sink: live ?? stderr,
    colour,
  });
  const stats = new StatsSource(options.readStats, clock, logger);
  const crew = new Crew({
    settings,
    entries: options.entries ?? defaultEntries(),
    colour,
    childStderr: live && ((lines) => live.write(lines)),
    backoff: options.backoff ?? BACKOFF,
    clock,
    logger,
    onProgress: (progress) => meter.add(progress),
    // The last look at the workers of a `once` run: afterwards they end by themselves, perhaps within a moment.
    onScanned: () => void reporter.sample(),
  });
  const work = {
    takes: settings.routes.length > 0,
    sends: sendsFiles(settings),
    loads: loadsFiles(settings),
    archives: archivesFiles(settings),
  };
  render = settings.once
    ? progressBar(meter, stats, work, () => crew.isScanning)
    : statusLine(meter, stats, work);
  const reporter: MetricsReporter = new MetricsReporter({
    logger,
    meter,
    stats,
    processes: () => [{ name: 'supervisor', pid: process.pid }, ...crew.processes],
    sends: work.sends,
    loads: work.loads,
    archives: work.archives,
    everyMs: options.metricsEveryMs ?? METRICS_EVERY_MS,
  });
  const signals = new StopSignals(options.signals, () => clock.monotonicMs());
  return { logger, meter, stats, crew, reporter, signals, live };
}
