import type { QueueStats } from '../../../shared/queue/inspect/stats.ts';
import { table } from './table.ts';
import { bytes, count, duration, escapeControls, plural } from './text.ts';

/** `queue stats` for a person. */
export function statsText(stats: QueueStats): string {
  return [jobs(stats), totals(stats), loads(stats), archives(stats), leases(stats)]
    .filter((part) => part !== '')
    .join('\n');
}

function jobs({ kinds, ready, delayed, leased, failed }: QueueStats): string {
  const rows = Object.entries(kinds).map(([kind, of]) => [kind, of.ready, of.delayed, of.leased, of.failed]);
  const all = rows.length === 1 ? [] : [['all', ready, delayed, leased, failed]];
  const cells = [...rows, ...all].map((row) =>
    row.map((cell) => (typeof cell === 'number' ? count(cell) : cell)),
  );
  return table([['jobs', 'ready', 'delayed', 'leased', 'failed'], ...cells], [1, 2, 3, 4]);
}

function totals(stats: QueueStats): string {
  const { oldestReadySeconds, overdue } = stats;
  return table(
    [
      [
        'to be done',
        count(stats.depth),
        oldestReadySeconds === undefined ? '' : `oldest ready ${duration(oldestReadySeconds)}`,
      ],
      ['candidates', count(stats.candidates), overdue === 0 ? '' : `${count(overdue)} overdue`],
      ['committed', count(stats.committed), bytes(stats.committedBytes)],
      ['duplicates', count(stats.duplicates)],
      // Whoever uploads nothing is not told so.
      ...(stats.uploaded > 0 || stats.kinds.upload !== undefined
        ? [['uploaded', count(stats.uploaded), bytes(stats.uploadedBytes)]]
        : []),
      ['files/s', count(stats.filesPerSecond, 1), 'over the last minute'],
      ['bytes/s', bytes(stats.bytesPerSecond)],
    ],
    [1],
  );
}

function loads({ loads: of }: QueueStats): string {
  if (of === undefined) return '';
  const { tasks, waitingFiles, failedFiles, loadedFiles, loadedRows, rejectedRows, oldestUnloadedSeconds } =
    of;
  const oldest =
    oldestUnloadedSeconds === undefined ? '' : `oldest scanned ${duration(oldestUnloadedSeconds)} ago`;
  const head = ['load tasks', 'new', 'processing', 'loaded', 'failed'];
  const numbers = [tasks.NEW, tasks.PROCESSING, tasks.LOADED, tasks.FAILED].map((n) => count(n));
  return `${table([head, ['', ...numbers]], [1, 2, 3, 4])}${table(
    [
      ['files to load', count(waitingFiles), oldest],
      ['files loaded', count(loadedFiles), `${count(loadedRows)} rows`],
      ['rows rejected', count(rejectedRows)],
      ...(failedFiles === 0
        ? []
        : [['files failed', count(failedFiles), '`wharfinger load list --status FAILED`']]),
    ],
    [1],
  )}`;
}

function archives({ archives: of }: QueueStats): string {
  if (of === undefined) return '';
  const { waitingFiles, oldestWaitingSeconds, archivedFiles, archivedBytes } = of;
  const oldest =
    oldestWaitingSeconds === undefined ? '' : `oldest deposited ${duration(oldestWaitingSeconds)} ago`;
  return table(
    [
      ['files to publish', count(waitingFiles), oldest],
      ['files archived', count(archivedFiles), bytes(archivedBytes)],
    ],
    [1],
  );
}

function leases({ leases: held }: QueueStats): string {
  if (held.length === 0) return '';
  const rows = held.map((lease) => [
    escapeControls(lease.owner),
    String(lease.pid),
    count(lease.jobs),
    leaseEnd(lease.alive, lease.secondsLeft),
    escapeControls(lease.host),
  ]);
  return table([['lease of', 'pid', 'jobs', 'left', 'host'], ...rows], [1, 2, 3]);
}

function leaseEnd(alive: boolean, secondsLeft: number): string {
  if (!alive) return 'dead';
  return secondsLeft <= 0 ? 'expired' : duration(secondsLeft);
}

/** What a command says it has done to jobs. */
export const done = (jobsChanged: number, what: string): string => `${plural(jobsChanged, 'job')} ${what}\n`;
