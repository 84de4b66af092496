import type { TracedDeposit } from '../../../shared/archive-sink/inspect/traced-deposits.ts';
import type { TracedDuplicate } from '../../../shared/ledger/trace/find-rows.ts';
import type { Custody, Found, Trace } from '../../../shared/ledger/trace/trace.ts';
import type { ListedCandidate, ListedJob } from '../../../shared/queue/inspect/list.ts';
import { depositJson, depositRows } from './archives.ts';
import { candidateJson, jobJson, WAITS_FOR } from './jobs.ts';
import { loadJson, loadRows } from './loads.ts';
import { bytes, duration, escapeControls, isoOrNull, moment, pathFields, printable } from './text.ts';
import { stayJson, stayRows } from './uploads.ts';

/** `trace` for a person: what lies there, what it waits for, what was taken into custody and where that is. */
export function traceText(trace: Trace, subject: string, nowMs: number): string {
  const { found, candidate, jobs, custody, uploads, loads } = trace;
  const parts = [
    ...(found === undefined ? [] : [`${subject}: ${foundText(found)}\n`]),
    ...(candidate === undefined ? [] : [candidateLines(candidate, nowMs)]),
    ...jobs.map((job) => jobLines(job, nowMs)),
    ...custody.map(custodyLines),
    ...[...custody.flatMap((row) => row.uploads), ...uploads].map((stay) =>
      lines(`uploaded as #${stay.id}`, stayRows(stay)),
    ),
    ...[...custody.flatMap((row) => row.loads), ...loads].map((load) =>
      lines(`into a table as file ${load.fileId}`, loadRows(load, nowMs)),
    ),
    ...custody.flatMap((row) => row.archives).map((deposit) => lines('in an archive', depositRows(deposit))),
  ];
  return parts.join('');
}

function foundText(found: Found): string {
  switch (found.kind) {
    case 'file':
      return `a file of ${bytes(found.sizeBytes)}${found.sha256 === undefined ? '' : `, SHA-256 ${found.sha256}`}`;
    case 'nothing':
      return 'nothing is there';
    case 'directory':
      return 'a directory';
    case 'other':
      return 'not a regular file, never taken';
    case 'unreadable':
      return `cannot be read: ${found.why}`;
  }
}

function candidateLines(
  { waitsFor, firstSeenMs, dueMs, overdue, route }: ListedCandidate,
  nowMs: number,
): string {
  const look = dueMs === undefined ? 'at the next event or scan' : `at ${moment(dueMs)}`;
  return lines('not complete yet', [
    ['waits for', WAITS_FOR[waitsFor]],
    [
      'first seen',
      `${moment(firstSeenMs)}, ${duration((nowMs - firstSeenMs) / 1000)} ago${overdue ? ', overdue' : ''}`,
    ],
    ['next look', look],
    ['route', route],
  ]);
}

function jobLines(job: ListedJob, nowMs: number): string {
  const states = {
    ready: 'ready: waits for a worker',
    leased: `leased: ${job.owner === undefined ? 'a worker' : escapeControls(job.owner)} has it in hand`,
    delayed: `delayed: waits until ${moment(job.runAtMs ?? nowMs)}`,
    failed: `failed; once mended: wharfinger queue retry ${job.id}`,
  };
  return lines(`in the queue as ${job.kind} job ${job.id}`, [
    ['state', states[job.state]],
    ...(job.reason === undefined ? [] : [['reason', escapeControls(job.reason)] as const]),
    ['attempts', String(job.attempts)],
    ['queued', moment(job.enqueuedMs)],
  ]);
}

function custodyLines({ row, now, manifest, duplicates, archives }: Custody): string {
  const taken = row.committedMs === undefined ? 'in flight, not committed yet' : moment(row.committedMs);
  const place = manifest === undefined ? 'not found' : `${printable(manifest.path)}:${manifest.line}`;
  return lines(`in custody as #${row.id}`, [
    ['SHA-256', row.sha256.toString('hex')],
    ['source', printable(row.source)],
    ['hashed', moment(row.decidedMs)],
    ['committed', taken],
    ['path', printable(row.destination)],
    [
      'now there',
      archives.some(isReleased) ? `${nowThere(now, row.sizeBytes)}: released` : nowThere(now, row.sizeBytes),
    ],
    ...(row.committedMs === undefined ? [] : [['manifest', place] as const]),
    ['route', row.route],
    ...duplicates.map((duplicate) => ['duplicate', duplicateText(duplicate)] as const),
  ]);
}

const isReleased = ({ releasedMs }: TracedDeposit): boolean => releasedMs !== undefined;

function nowThere(now: Found, sizeBytes: number): string {
  if (now.kind !== 'file') return foundText(now);
  return now.sizeBytes === sizeBytes
    ? `yes, ${bytes(sizeBytes)}`
    : `another size: ${now.sizeBytes} bytes, should be ${sizeBytes}`;
}

function duplicateText({ source, action, destination, settledMs, decidedMs }: TracedDuplicate): string {
  const what = { move: 'moved to', delete: 'deleted', leave: 'left in place' }[action];
  const where = destination === undefined ? what : `${what} ${printable(destination)}`;
  const when = settledMs === undefined ? `in flight since ${moment(decidedMs)}` : moment(settledMs);
  return `${printable(source)}, ${where}, ${when}`;
}

function lines(title: string, rows: readonly (readonly [string, string])[]): string {
  return `${title}\n${rows.map(([name, value]) => `  ${name.padEnd(10)}  ${value}\n`).join('')}`;
}

/** `trace --json`; the keys are a contract. */
export const traceJson = ({
  found,
  candidate,
  jobs,
  custody,
  uploads,
  loads,
}: Trace): Record<string, unknown> => ({
  found: found === undefined ? null : foundJson(found),
  candidate: candidate === undefined ? null : candidateJson(candidate),
  jobs: jobs.map(jobJson),
  custody: custody.map(custodyJson),
  uploads: uploads.map(stayJson),
  loads: loads.map(loadJson),
});

const foundJson = (found: Found): Record<string, unknown> => {
  if (found.kind === 'file') return { kind: 'file', size: found.sizeBytes, sha256: found.sha256 ?? null };
  return found.kind === 'unreadable' ? { kind: 'unreadable', why: found.why } : { kind: found.kind };
};

const custodyJson = ({
  row,
  now,
  manifest,
  duplicates,
  uploads,
  loads,
  archives,
}: Custody): Record<string, unknown> => ({
  id: row.id,
  state: row.state,
  sha256: row.sha256.toString('hex'),
  size: row.sizeBytes,
  route: row.route,
  ...pathFields('source', row.source),
  ...pathFields('path', row.destination),
  decided_at: new Date(row.decidedMs).toISOString(),
  committed_at: isoOrNull(row.committedMs),
  now: { kind: now.kind, ...(now.kind === 'file' ? { size: now.sizeBytes } : {}) },
  manifest:
    manifest === undefined
      ? null
      : { ...pathFields('path', manifest.path), line: manifest.line, offset: manifest.offset },
  duplicates: duplicates.map(duplicateJson),
  uploads: uploads.map(stayJson),
  loads: loads.map(loadJson),
  archives: archives.map(depositJson),
});

const duplicateJson = (duplicate: TracedDuplicate): Record<string, unknown> => ({
  id: duplicate.id,
  state: duplicate.state,
  action: duplicate.action,
  ...pathFields('source', duplicate.source),
  ...pathFields('path', duplicate.destination),
  decided_at: new Date(duplicate.decidedMs).toISOString(),
  settled_at: isoOrNull(duplicate.settledMs),
});
