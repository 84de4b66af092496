import { EXIT, type ExitCode } from '../../shared/errors.ts';
import type { ScanReport } from '../../shared/ipc/messages.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { Totals } from '../../shared/metrics/meter.ts';
import type { QueueStats } from '../../shared/queue/inspect/stats.ts';

/** More names than this are for `queue list`, not for a log. */
const MAX_NAMED = 100;

/** What a `--once` run came to. */
export type OnceOutcome = {
  done: Totals;
  /** After the run: what it left behind. */
  stats: QueueStats;
  report: ScanReport;
  /** Whether files are taken into custody, and whether some are uploaded. */
  takes: boolean;
  sends: boolean;
  durationMs: number;
};

/**
 * The exit code of a finished `--once` run: 3 while any job is failed or waits for a later attempt, also from an earlier run. Whoever
 * runs it from cron is told of a failed file until somebody has seen to it. Files that are not complete are no failure.
 */
export function exitCodeOfOnce({ done, stats }: Pick<OnceOutcome, 'done' | 'stats'>): ExitCode {
  return done.failed > 0 || stats.failed > 0 || stats.delayed > 0 ? EXIT.filesFailed : EXIT.done;
}

/** Says in the log what was done and what was left. */
export function logOnceSummary(logger: Logger, outcome: OnceOutcome): void {
  const { done, stats, report, durationMs } = outcome;
  for (const { source, waitsFor } of report.incomplete.slice(0, MAX_NAMED)) {
    logger.info({ event: 'file.incomplete', source, waits_for: waitsFor });
  }
  const failed = Math.max(stats.failed, done.failed);
  const sums = {
    committed: done.files,
    bytes: done.bytes,
    duplicates: done.duplicates,
    uploaded: done.uploaded,
    uploaded_bytes: done.uploadedBytes,
    failed,
    delayed: stats.delayed,
    // What was put back by a worker is a candidate that no scan has reported.
    incomplete: Math.max(report.incompleteFiles, stats.candidates),
  };
  const level = failed > 0 || stats.delayed > 0 ? 'warn' : 'info';
  logger[level]({ event: 'once.finished', ...sums, duration_ms: durationMs }, describe(sums, outcome));
}

type Sums = Record<'committed' | 'duplicates' | 'uploaded' | 'failed' | 'delayed' | 'incomplete', number>;

function describe(sums: Sums, { takes, sends }: Pick<OnceOutcome, 'takes' | 'sends'>): string {
  const { committed, duplicates, uploaded, failed, delayed, incomplete } = sums;
  const parts = [
    ...(takes ? [`${committed} committed`, `${duplicates} duplicates`] : []),
    ...(sends ? [`${uploaded} uploaded`] : []),
    failed > 0 ? `${failed} failed (see \`wharfinger queue list --state failed\`)` : '0 failed',
    ...(delayed > 0 ? [`${delayed} left for the next run`] : []),
    ...(incomplete > 0 ? [`${incomplete} not complete yet`] : []),
  ];
  return parts.join(', ');
}
