import { type BytePath, fromBytes, toBytes } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import type { JobState } from '../job.ts';
import { kindsOf } from './kinds.ts';

/** A job as a person asks about it. */
export type ListedJob = {
  id: number;
  kind: string;
  state: JobState;
  /** Claims that were charged. */
  attempts: number;
  /** When it may run at the earliest; undefined where it is not delayed. */
  runAtMs: number | undefined;
  /** Why it was delayed or failed the last time. */
  reason: string | undefined;
  /** Whose lease it is under. */
  owner: string | undefined;
  path: BytePath;
  sizeBytes: number;
  enqueuedMs: number;
};

export type WaitsFor = 'stability' | 'second-look' | 'sidecar' | 'writer';

/** A file that is not yet known to be complete. */
export type ListedCandidate = {
  path: BytePath;
  route: string;
  waitsFor: WaitsFor;
  firstSeenMs: number;
  /** When it is looked at again at the latest; undefined: at the next event or scan. */
  dueMs: number | undefined;
  overdue: boolean;
};

export type ListFilter = { state?: JobState; kind?: string };

type JobRow = {
  id: number;
  kind: string;
  key: Buffer;
  state: JobState;
  attempts: number;
  run_at_ms: number;
  reason: string | null;
  owner: string | null;
  size_bytes: number;
  enqueued_ms: number;
};

const JOBS = `
  SELECT id, kind, key, state, attempts, run_at_ms, reason, size_bytes, enqueued_ms,
    (SELECT owner FROM leases WHERE token = lease_token) AS owner
  FROM jobs`;

/** Rows a read: a slow reader of the list never keeps a read transaction open, which would make the log of the state file grow. */
const CHUNK = 1000;

/** Spelled out, since a bound parameter would hide the partial indexes from SQLite. */
export const IN_STATE: Readonly<Record<JobState, string>> = {
  ready: "state = 'ready'",
  delayed: "state = 'delayed'",
  leased: 'lease_token IS NOT NULL',
  failed: "state = 'failed'",
};

export const JOB_STATES = Object.keys(IN_STATE) as readonly JobState[];

/** Jobs by id, oldest first. Memory does not grow with the queue; jobs that change meanwhile are seen before or after. */
export function* listJobs(state: State, filter: ListFilter = {}): Generator<ListedJob> {
  const conditions = [
    'id > @after',
    ...(filter.state === undefined ? [] : [IN_STATE[filter.state]]),
    ...(filter.kind === undefined ? [] : ['kind = @kind']),
  ];
  const next = state.prepare<unknown[], JobRow>(
    `${JOBS} WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ${CHUNK}`,
  );
  const kind = filter.kind === undefined ? {} : { kind: filter.kind };
  let after = 0;
  for (;;) {
    const rows = next.all({ ...kind, after });
    yield* rows.map(jobOf);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

type CandidateRow = {
  path: Buffer;
  route: string;
  waits_for: WaitsFor;
  first_seen_ms: number;
  due_ms: number | null;
  overdue: number;
};

/** The jobs about one path: at most one a kind. */
export function findJobs(state: State, path: BytePath): ListedJob[] {
  const find = state.prepare<[string, Buffer], JobRow>(`${JOBS} WHERE kind = ? AND key = ?`);
  return kindsOf(state).flatMap((kind) => find.all(kind, toBytes(path)).map(jobOf));
}

const CANDIDATES = `
  SELECT path, (SELECT name FROM routes WHERE id = route_id) AS route, waits_for, first_seen_ms, due_ms, overdue
  FROM candidates`;

/** Candidates by path. As `listJobs`. */
export function* listCandidates(state: State): Generator<ListedCandidate> {
  const next = state.prepare<[Buffer], CandidateRow>(
    `${CANDIDATES} WHERE path > ? ORDER BY path LIMIT ${CHUNK}`,
  );
  let after: Buffer = Buffer.alloc(0);
  for (;;) {
    const rows = next.all(after);
    yield* rows.map(candidateOf);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.path;
  }
}

export function findCandidate(state: State, path: BytePath): ListedCandidate | undefined {
  const row = state.prepare<[Buffer], CandidateRow>(`${CANDIDATES} WHERE path = ?`).get(toBytes(path));
  return row === undefined ? undefined : candidateOf(row);
}

const jobOf = (row: JobRow): ListedJob => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  attempts: row.attempts,
  runAtMs: row.state === 'delayed' ? row.run_at_ms : undefined,
  reason: row.reason ?? undefined,
  owner: row.owner ?? undefined,
  path: fromBytes(row.key),
  sizeBytes: row.size_bytes,
  enqueuedMs: row.enqueued_ms,
});

const candidateOf = (row: CandidateRow): ListedCandidate => ({
  path: fromBytes(row.path),
  route: row.route,
  waitsFor: row.waits_for,
  firstSeenMs: row.first_seen_ms,
  dueMs: row.due_ms ?? undefined,
  overdue: row.overdue === 1,
});
