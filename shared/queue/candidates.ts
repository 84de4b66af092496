import { type BytePath, fromBytes, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { ManyRows } from './many-rows.ts';

/** What a file lacks to be complete: time, a second look where its ctime says nothing, its sidecar, or that its writer closes it. */
export type WaitsFor = 'stability' | 'second-look' | 'sidecar' | 'writer';

/** What was seen of a file that is not complete. */
export type Sighting = {
  path: BytePath;
  routeId: number;
  fingerprint: string;
  waitsFor: WaitsFor;
  nowMs: number;
  /** When to look again; undefined: at the next event or scan. */
  dueMs: number | undefined;
};

export type Candidate = {
  path: BytePath;
  routeId: number;
  fingerprint: string;
  waitsFor: WaitsFor;
  firstSeenMs: number;
  /** Since when it is known to have had this fingerprint. */
  observedMs: number;
  dueMs: number | undefined;
};

type Row = {
  path: Buffer;
  route_id: number;
  fingerprint: string;
  waits_for: WaitsFor;
  first_seen_ms: number;
  observed_ms: number;
  due_ms: number | null;
};

const COLUMNS = 'path, route_id, fingerprint, waits_for, first_seen_ms, observed_ms, due_ms';

/** Below every path, for paging. */
const START = Buffer.alloc(0);

/**
 * The files that were seen and are not known to be complete: what is remembered between two looks, also over a restart. Each method is one
 * statement; whoever makes several that belong together calls them in one transaction.
 */
export class Candidates {
  readonly #upsert;
  readonly #remove;
  readonly #get;
  readonly #waitsForSidecar;
  readonly #due;
  readonly #nextDue;
  readonly #overdue;
  readonly #markOverdue;
  readonly #countOverdue;
  readonly #count;
  readonly #page;
  readonly #withoutDue;

  constructor(state: State) {
    this.#upsert = new ManyRows<Sighting>(state, {
      head: `INSERT INTO candidates (${COLUMNS})`,
      values: '(?, ?, ?, ?, ?, ?, ?)',
      tail: `
        ON CONFLICT (path) DO UPDATE SET
          route_id = excluded.route_id, waits_for = excluded.waits_for, due_ms = excluded.due_ms,
          first_seen_ms = min(first_seen_ms, excluded.first_seen_ms),
          observed_ms = CASE WHEN fingerprint = excluded.fingerprint AND observed_ms <= excluded.observed_ms
            THEN observed_ms ELSE excluded.observed_ms END,
          fingerprint = excluded.fingerprint`,
      bind: ({ path, routeId, fingerprint, waitsFor, nowMs, dueMs }) => [
        toBytes(path),
        routeId,
        fingerprint,
        waitsFor,
        nowMs,
        nowMs,
        dueMs ?? null,
      ],
    });
    this.#remove = state.prepare('DELETE FROM candidates WHERE path = ?');
    this.#get = state.prepare<[Buffer], Row>(`SELECT ${COLUMNS} FROM candidates WHERE path = ?`);
    this.#waitsForSidecar = state
      .prepare<[Buffer], number>(
        "SELECT 1 FROM candidates WHERE path = ? AND waits_for = 'sidecar' AND due_ms IS NULL",
      )
      .pluck();
    this.#due = state.prepare<[number, number, number], Row>(
      `SELECT ${COLUMNS} FROM candidates WHERE route_id = ? AND due_ms <= ? ORDER BY due_ms LIMIT ?`,
    );
    this.#nextDue = state
      .prepare<[number], number | null>(
        'SELECT min(due_ms) FROM candidates WHERE route_id = ? AND due_ms IS NOT NULL',
      )
      .pluck();
    this.#overdue = state.prepare<[number, number, number], Row>(`
      SELECT ${COLUMNS} FROM candidates WHERE route_id = ? AND overdue = 0 AND first_seen_ms <= ?
      ORDER BY first_seen_ms LIMIT ?`);
    this.#markOverdue = state.prepare('UPDATE candidates SET overdue = 1 WHERE path = ? AND overdue = 0');
    this.#countOverdue = state
      .prepare<[], number>('SELECT count(*) FROM candidates WHERE overdue = 1')
      .pluck();
    this.#count = state
      .prepare<[number | null, number | null], number>(
        'SELECT count(*) FROM candidates WHERE ? IS NULL OR route_id = ?',
      )
      .pluck();
    const page = (which: string) =>
      state.prepare<[Buffer, number, number], Row>(
        `SELECT ${COLUMNS} FROM candidates WHERE path > ? AND route_id = ? ${which} ORDER BY path LIMIT ?`,
      );
    this.#page = page('');
    this.#withoutDue = page('AND due_ms IS NULL');
  }

  /**
   * Remembers a file, or what is new of it. When it was first seen is kept; since when it has its fingerprint is kept as long as that
   * is the same, and starts anew where it would lie in the future: the clock was set back. Idempotent.
   */
  upsert(sighting: Sighting): void {
    this.upsertAll([sighting]);
  }

  upsertAll(sightings: readonly Sighting[]): void {
    this.#upsert.run(sightings);
  }

  /** It is complete, gone, or none of ours. Idempotent. */
  remove(path: BytePath): void {
    this.#remove.run(toBytes(path));
  }

  get(path: BytePath): Candidate | undefined {
    const row = this.#get.get(toBytes(path));
    return row === undefined ? undefined : candidateOf(row);
  }

  /** Whether it is remembered that nothing but its sidecar is missing. Asked at each scan for each file: half the time of `get`. */
  waitsForSidecar(path: BytePath): boolean {
    return this.#waitsForSidecar.get(toBytes(path)) !== undefined;
  }

  /** Those of a route to be looked at again by `untilMs`, the most overdue first. */
  due(routeId: number, untilMs: number, limit: number): Candidate[] {
    return this.#due.all(routeId, untilMs, limit).map(candidateOf);
  }

  /** When the next one of a route is due; undefined where all wait for an event or a scan. */
  nextDueMs(routeId: number): number | undefined {
    return this.#nextDue.get(routeId) ?? undefined;
  }

  /** Those of a route that were first seen by `seenByMs` and are not marked yet, the oldest first. */
  overdue(routeId: number, seenByMs: number, limit: number): Candidate[] {
    return this.#overdue.all(routeId, seenByMs, limit).map(candidateOf);
  }

  /** Remembers that it was reported; until it is removed it is not given by `overdue` again. */
  markOverdue(path: BytePath): void {
    this.#markOverdue.run(toBytes(path));
  }

  /** How many were reported as overdue and still wait. */
  countOverdue(): number {
    return this.#countOverdue.get() ?? 0;
  }

  /** How many there are, of one route or of all. Reads them all. */
  count(routeId?: number): number {
    return this.#count.get(routeId ?? null, routeId ?? null) ?? 0;
  }

  /** Those of a route in the order of their paths, after `after`: memory does not grow with their number. */
  page(routeId: number, after: BytePath | undefined, limit: number): Candidate[] {
    return this.#page.all(after === undefined ? START : toBytes(after), routeId, limit).map(candidateOf);
  }

  /** As `page`, of those that only an event or a scan brings to be looked at. */
  withoutDue(routeId: number, after: BytePath | undefined, limit: number): Candidate[] {
    return this.#withoutDue
      .all(after === undefined ? START : toBytes(after), routeId, limit)
      .map(candidateOf);
  }
}

const candidateOf = (row: Row): Candidate => ({
  path: fromBytes(row.path),
  routeId: row.route_id,
  fingerprint: row.fingerprint,
  waitsFor: row.waits_for,
  firstSeenMs: row.first_seen_ms,
  observedMs: row.observed_ms,
  dueMs: row.due_ms ?? undefined,
});
