import { EXIT, type ExitCode } from '../../shared/errors.ts';
import type { ScanReport } from '../../shared/ipc/messages.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { Totals } from '../../shared/metrics/meter.ts';
import type { QueueStats } from '../../shared/queue/inspect/stats.ts';
import type { JobKind } from '../../shared/queue/job.ts';

/** More names than this are for `queue list`, not for a log. */
const MAX_NAMED = 100;

/** What a `--once` run came to. */
export type OnceOutcome = {
  done: Totals;
  /** After the run: what it left behind. */
  stats: QueueStats;
  report: ScanReport;
  /** Whether files are taken into custody, whether some are uploaded, loaded into tables, archived. */
  takes: boolean;
  sends: boolean;
  loads: boolean;
  archives?: boolean;
  /** The kinds of job that this run was about; undefined: all. */
  kinds?: readonly JobKind[] | undefined;
  durationMs: number;
};

/**
 * The exit code of a finished `--once` run: 3 while any job is failed or waits for a later attempt, also from an earlier run. Whoever
 * runs it from cron is told of a failed file until somebody has seen to it. Files that are not complete are no failure.
 */
export function exitCodeOfOnce(outcome: Pick<OnceOutcome, 'done' | 'stats' | 'kinds'>): ExitCode {
  const { failed, delayed } = leftBy(outcome);
  return outcome.done.failed > 0 || failed > 0 || delayed > 0 ? EXIT.filesFailed : EXIT.done;
}

/** What is left of the kinds of job that the run was about. */
function leftBy({ stats, kinds }: Pick<OnceOutcome, 'stats' | 'kinds'>): { failed: number; delayed: number } {
  if (kinds === undefined) return stats;
  const sum = (key: 'failed' | 'delayed') =>
    kinds.reduce((total, kind) => total + (stats.kinds[kind]?.[key] ?? 0), 0);
  return { failed: sum('failed'), delayed: sum('delayed') };
}

/** Says in the log what was done and what was left. */
export function logOnceSummary(logger: Logger, outcome: OnceOutcome): void {
  const { done, stats, report, kinds, durationMs } = outcome;
  const left = leftBy(outcome);
  for (const { source, waitsFor } of report.incomplete.slice(0, MAX_NAMED)) {
    logger.info({ event: 'file.incomplete', source, waits_for: waitsFor });
  }
  const failed = Math.max(left.failed, done.failed);
  const sums = {
    committed: done.files,
    bytes: done.bytes,
    duplicates: done.duplicates,
    uploaded: done.uploaded,
    uploaded_bytes: done.uploadedBytes,
    loaded_files: done.loadedFiles,
    loaded_rows: done.loadedRows,
    rejected_rows: done.rejectedRows,
    archived_files: done.archivedFiles,
    archived_bytes: done.archivedBytes,
    failed,
    delayed: left.delayed,
    // What was put back by a worker is a candidate that no scan has reported.
    incomplete: kinds === undefined ? Math.max(report.incompleteFiles, stats.candidates) : 0,
  };
  const level = failed > 0 || left.delayed > 0 ? 'warn' : 'info';
  logger[level]({ event: 'once.finished', ...sums, duration_ms: durationMs }, describe(sums, outcome));
}

type Sums = Record<
  | 'committed'
  | 'duplicates'
  | 'uploaded'
  | 'loaded_files'
  | 'loaded_rows'
  | 'rejected_rows'
  | 'archived_files'
  | 'failed'
  | 'delayed'
  | 'incomplete',
  number
>;

function describe(
  sums: Sums,
  { takes, sends, loads, archives = false }: Pick<OnceOutcome, 'takes' | 'sends' | 'loads' | 'archives'>,
): string {
  const { committed, duplicates, uploaded, failed, delayed, incomplete } = sums;
  const parts = [
    ...(takes ? [`${committed} committed`, `${duplicates} duplicates`] : []),
    ...(sends ? [`${uploaded} uploaded`] : []),
    ...(loads || sums.loaded_files > 0 ? [`${sums.loaded_files} loaded (${sums.loaded_rows} rows)`] : []),
    ...(sums.rejected_rows > 0 ? [`${sums.rejected_rows} rows rejected`] : []),
    ...(archives || sums.archived_files > 0 ? [`${sums.archived_files} archived`] : []),
    failed > 0
      ? `${failed} failed (see \`wharfinger ${takes || sends ? 'queue list --state failed' : 'load list --status FAILED'}\`)`
      : '0 failed',
    ...(delayed > 0 ? [`${delayed} left for the next run`] : []),
    ...(incomplete > 0 ? [`${incomplete} not complete yet`] : []),
  ];
  return parts.join(', ');
}
