import type { ListedCandidate, ListedJob, WaitsFor } from '../../../shared/queue/inspect/list.ts';
import { duration, escapeControls, isoOrNull, pathFields, printable } from './text.ts';

/** One row of `queue list`: the columns are fixed, since the queue may be too long to measure. */
const row = (id: string, kind: string, state: string, tries: string, next: string, path: string): string =>
  `${id.padStart(9)}  ${kind.padEnd(7)}  ${state.padEnd(9)}  ${tries.padStart(5)}  ${next.padEnd(12)}  ${path}\n`;

export const JOB_HEADER = row('id', 'kind', 'state', 'tries', 'next run', 'path');

/** A job for a person; its reason stands below it. */
export function jobText(job: ListedJob, nowMs: number): string {
  const line = row(
    String(job.id),
    job.kind,
    job.state,
    String(job.attempts),
    nextRun(job, nowMs),
    printable(job.path),
  );
  return job.reason === undefined ? line : `${line}${' '.repeat(11)}${escapeControls(job.reason)}\n`;
}

function nextRun({ state, runAtMs, owner }: ListedJob, nowMs: number): string {
  if (state === 'ready') return 'now';
  if (state === 'leased') return owner === undefined ? 'running' : `in ${escapeControls(owner)}`;
  if (runAtMs === undefined) return 'after retry';
  return runAtMs <= nowMs ? 'now' : `in ${duration((runAtMs - nowMs) / 1000)}`;
}

/** A job as a line of `queue list --json`; the keys are a contract. */
export const jobJson = (job: ListedJob): Record<string, unknown> => ({
  id: job.id,
  kind: job.kind,
  state: job.state,
  attempts: job.attempts,
  next_run: isoOrNull(job.runAtMs),
  reason: job.reason ?? null,
  owner: job.owner ?? null,
  size: job.sizeBytes,
  enqueued_at: new Date(job.enqueuedMs).toISOString(),
  ...pathFields('path', job.path),
});

export const CANDIDATE_HEADER = `${'waits for'.padEnd(11)}  ${'since'.padStart(12)}  ${'next look'.padEnd(12)}  path\n`;

export function candidateText(candidate: ListedCandidate, nowMs: number): string {
  const { waitsFor, firstSeenMs, dueMs, overdue, path } = candidate;
  const since = duration((nowMs - firstSeenMs) / 1000);
  const look =
    dueMs === undefined ? 'next scan' : dueMs <= nowMs ? 'now' : `in ${duration((dueMs - nowMs) / 1000)}`;
  return `${waitsFor.padEnd(11)}  ${since.padStart(12)}  ${look.padEnd(12)}  ${printable(path)}${overdue ? '  (overdue)' : ''}\n`;
}

/** A candidate as a line of `queue list --state candidate --json`; the keys are a contract. */
export const candidateJson = (candidate: ListedCandidate): Record<string, unknown> => ({
  state: 'candidate',
  waits_for: candidate.waitsFor,
  first_seen: new Date(candidate.firstSeenMs).toISOString(),
  next_look: isoOrNull(candidate.dueMs),
  overdue: candidate.overdue,
  route: candidate.route,
  ...pathFields('path', candidate.path),
});

/** What a file waits for, in a sentence that begins with "it waits for". */
export const WAITS_FOR: Readonly<Record<WaitsFor, string>> = {
  stability: 'its size and times to stay as they are for a while',
  'second-look': 'a second look: the clock of its file system cannot be trusted alone',
  sidecar: 'its sidecar, the same name with .ok, which nobody may have open for writing',
  writer: 'the program that has it open for writing to close it',
};
