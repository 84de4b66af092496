import { type ArchiveStats, readArchiveStats } from '../../archive-sink/inspect/archive-stats.ts';
import { isDead, type ProcessIdentity, thisProcess } from '../../linux/process-identity.ts';
import type { State } from '../../state/open.ts';
import { type LoadStats, readLoadStats } from '../../tables/inspect/load-stats.ts';
import { kindsOf } from './kinds.ts';

/** How many jobs of one kind are in each state. */
export type KindStats = { ready: number; delayed: number; leased: number; failed: number };

/** A process that holds jobs, or a lease that nobody has taken back yet. */
export type LeaseStats = {
  owner: string;
  pid: number;
  host: string;
  jobs: number;
  /** Until the lease ends by itself; negative where it has. */
  secondsLeft: number;
  /** False where its owner is provably dead: another process takes its jobs back at once. */
  alive: boolean;
};

/** The state of the whole program at one moment, as the state file knows it. */
export type QueueStats = {
  /** Jobs that are still to be done: ready, delayed and leased. Failed ones wait for a person and are not in it. */
  depth: number;
  ready: number;
  delayed: number;
  leased: number;
  failed: number;
  /** Files seen and not yet known to be complete. */
  candidates: number;
  /** Of the candidates, those that were reported as waiting for too long. */
  overdue: number;
  /** Since the state file was made. */
  committed: number;
  committedBytes: number;
  duplicates: number;
  /** To object storage, and the sizes of the files that were. */
  uploaded: number;
  uploadedBytes: number;
  /** Since the oldest ready job was enqueued; undefined where none is ready. */
  oldestReadySeconds: number | undefined;
  /** Over the last 60 whole seconds. */
  filesPerSecond: number;
  bytesPerSecond: number;
  leases: LeaseStats[];
  kinds: Record<string, KindStats>;
  /** Undefined where nothing was ever to be loaded. */
  loads?: LoadStats | undefined;
  /** Undefined where nothing was ever to be archived. */
  archives?: ArchiveStats | undefined;
};

/** The rates are over this many whole seconds, the running one left out: it has only begun. */
const RATE_SECONDS = 60;

type ReadyRow = { kind: string; jobs: number; oldest_id: number };
type CountRow = { kind: string; jobs: number };
type LeaseRow = {
  owner: string;
  host: string;
  boot: string;
  pid: number;
  pid_start: string;
  expires_ms: number;
  jobs: number;
};

/**
 * Reads what the queue and the ledger hold, all at one moment. Only reads, so that it never makes a worker wait; any connection
 * will do. Counts walk the partial indexes and the ledger is not counted at all: `totals` has its sums.
 */
export function readStats(state: State, nowMs: number, here: ProcessIdentity = thisProcess()): QueueStats {
  return state.transaction(() => {
    const ready = state.prepare<[], ReadyRow>(READY).all();
    const kinds: Record<string, KindStats> = {};
    const kindOf = (kind: string): KindStats => {
      kinds[kind] ??= { ready: 0, delayed: 0, leased: 0, failed: 0 };
      return kinds[kind];
    };
    for (const row of ready) kindOf(row.kind).ready = row.jobs;
    const known = kindsOf(state);
    for (const row of countOf(state, known, DELAYED)) kindOf(row.kind).delayed = row.jobs;
    for (const row of countOf(state, known, LEASED)) kindOf(row.kind).leased = row.jobs;
    for (const row of countOf(state, known, FAILED)) kindOf(row.kind).failed = row.jobs;
    const sum = (key: keyof KindStats) => Object.values(kinds).reduce((total, kind) => total + kind[key], 0);
    const [all, delayed, leased] = [sum('ready'), sum('delayed'), sum('leased')];
    return {
      depth: all + delayed + leased,
      ready: all,
      delayed,
      leased,
      failed: sum('failed'),
      ...readCandidates(state),
      ...readTotals(state),
      oldestReadySeconds: ageOfOldest(state, ready, nowMs),
      ...readRates(state, nowMs),
      leases: readLeases(state, nowMs, here),
      kinds,
      loads: hasTasks(state) ? readLoadStats(state, nowMs) : undefined,
      archives: readArchiveStats(state, nowMs),
    };
  })();
}

const hasTasks = (state: State): boolean =>
  state.prepare<[], unknown>('SELECT 1 FROM load_tasks LIMIT 1').get() !== undefined;

/** One walk of the index `jobs_ready`, which has all that this asks for. Ids grow as jobs are enqueued. */
const READY =
  "SELECT kind, count(*) AS jobs, min(id) AS oldest_id FROM jobs WHERE state = 'ready' GROUP BY kind";
const DELAYED = "state = 'delayed'";
const LEASED = 'lease_token IS NOT NULL';
const FAILED = "state = 'failed'";

/**
 * Jobs of a state by kind. The partial indexes do not hold the kind, so that asking for it reads each job; with one kind there is
 * nothing to ask. `+kind` keeps SQLite from walking the whole table in the order of its unique index.
 */
function countOf(state: State, kinds: readonly string[], where: string): CountRow[] {
  const [only] = kinds;
  if (only === undefined) return [];
  if (kinds.length > 1) {
    return state
      .prepare<[], CountRow>(`SELECT kind, count(*) AS jobs FROM jobs WHERE ${where} GROUP BY +kind`)
      .all();
  }
  const row = state.prepare<[], { jobs: number }>(`SELECT count(*) AS jobs FROM jobs WHERE ${where}`).get();
  return [{ kind: only, jobs: row?.jobs ?? 0 }];
}

function ageOfOldest(state: State, ready: readonly ReadyRow[], nowMs: number): number | undefined {
  if (ready.length === 0) return undefined;
  const id = Math.min(...ready.map((row) => row.oldest_id));
  const row = state
    .prepare<[number], { enqueued_ms: number }>('SELECT enqueued_ms FROM jobs WHERE id = ?')
    .get(id);
  return row === undefined ? undefined : Math.max(0, (nowMs - row.enqueued_ms) / 1000);
}

function readCandidates(state: State): Pick<QueueStats, 'candidates' | 'overdue'> {
  const all = state.prepare<[], { n: number }>('SELECT count(*) AS n FROM candidates').get()?.n ?? 0;
  const young =
    state.prepare<[], { n: number }>('SELECT count(*) AS n FROM candidates WHERE overdue = 0').get()?.n ?? 0;
  return { candidates: all, overdue: all - young };
}

type Totals = Pick<QueueStats, 'committed' | 'committedBytes' | 'duplicates' | 'uploaded' | 'uploadedBytes'>;

function readTotals(state: State): Totals {
  const row = state
    .prepare<[], Totals>(`
      SELECT committed_files AS committed, committed_bytes AS committedBytes, duplicate_files AS duplicates, uploaded_files AS uploaded,
        uploaded_bytes AS uploadedBytes FROM totals`)
    .get();
  return row ?? { committed: 0, committedBytes: 0, duplicates: 0, uploaded: 0, uploadedBytes: 0 };
}

function readRates(state: State, nowMs: number): Pick<QueueStats, 'filesPerSecond' | 'bytesPerSecond'> {
  const now = Math.floor(nowMs / 1000);
  const row = state
    .prepare<[number, number], { files: number; bytes: number }>(
      'SELECT total(files) AS files, total(bytes) AS bytes FROM throughput WHERE second >= ? AND second < ?',
    )
    .get(now - RATE_SECONDS, now);
  return {
    filesPerSecond: (row?.files ?? 0) / RATE_SECONDS,
    bytesPerSecond: (row?.bytes ?? 0) / RATE_SECONDS,
  };
}

function readLeases(state: State, nowMs: number, here: ProcessIdentity): LeaseStats[] {
  return state
    .prepare<[], LeaseRow>(`
      SELECT owner, host, boot, pid, pid_start, expires_ms, (SELECT count(*) FROM jobs WHERE lease_token = token) AS jobs
      FROM leases ORDER BY token`)
    .all()
    .map((row) => ({
      owner: row.owner,
      pid: row.pid,
      host: row.host,
      jobs: row.jobs,
      secondsLeft: (row.expires_ms - nowMs) / 1000,
      alive: !isDead({ host: row.host, boot: row.boot, pid: row.pid, pidStart: row.pid_start }, here),
    }));
}

/** The JSON of `queue stats --json`; its keys are a contract. */
export function statsJson(stats: QueueStats): Record<string, unknown> {
  return {
    depth: stats.depth,
    ready: stats.ready,
    delayed: stats.delayed,
    leased: stats.leased,
    failed: stats.failed,
    candidates: stats.candidates,
    overdue: stats.overdue,
    committed: stats.committed,
    committed_bytes: stats.committedBytes,
    duplicates: stats.duplicates,
    uploaded: stats.uploaded,
    uploaded_bytes: stats.uploadedBytes,
    oldest_ready_seconds: stats.oldestReadySeconds ?? null,
    files_per_second: stats.filesPerSecond,
    bytes_per_second: stats.bytesPerSecond,
    leases: stats.leases.map(({ secondsLeft, ...lease }) => ({ ...lease, seconds_left: secondsLeft })),
    kinds: stats.kinds,
    loads: stats.loads === undefined ? null : loadsJson(stats.loads),
    archives: stats.archives === undefined ? null : archivesJson(stats.archives),
  };
}

const archivesJson = (archives: ArchiveStats): Record<string, unknown> => ({
  waiting_files: archives.waitingFiles,
  oldest_waiting_seconds: archives.oldestWaitingSeconds ?? null,
  archived_files: archives.archivedFiles,
  archived_bytes: archives.archivedBytes,
});

const loadsJson = (loads: LoadStats): Record<string, unknown> => ({
  tasks: loads.tasks,
  waiting_files: loads.waitingFiles,
  failed_files: loads.failedFiles,
  loaded_files: loads.loadedFiles,
  loaded_rows: loads.loadedRows,
  rejected_rows: loads.rejectedRows,
  oldest_unloaded_seconds: loads.oldestUnloadedSeconds ?? null,
});
