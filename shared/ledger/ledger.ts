import { type BytePath, fromBytes, toBytes } from '../fs/byte-path.ts';
import { runsOf } from '../queue/runs.ts';
import type { State } from '../state/open.ts';
import { Contents } from './contents/contents.ts';
import { headNumber } from './contents/head.ts';
import { toSigned, toUnsigned } from './integers.ts';

/** A file's identity and content as it was read at its source. */
export type ReadContent = {
  sha256: Buffer;
  device: bigint;
  inode: bigint;
  sizeBytes: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
};

/** The dedupe scope of the whole state file; `null` is never a duplicate of anything. */
export const WHOLE_STATE = 0;
export type Scope = typeof WHOLE_STATE | null;

export type Decision = ReadContent & {
  scope: Scope;
  routeId: number;
  jobId: number;
  source: BytePath;
  destination: BytePath;
  decidedMs: number;
};

export type LedgerRow = Decision & { id: number; state: 'in_flight' | 'committed' };

/** The job that has a row in flight, as it stands in the queue. */
export type RowJob = { id: number; state: 'ready' | 'delayed' | 'leased' | 'failed'; runAtMs: number };

/** Why content was not decided: whose row stands in the way. */
export type Conflict =
  | { with: 'committed'; id: number; destination: BytePath; sizeBytes: number }
  | { with: 'in-flight'; job: RowJob | undefined }
  | { with: 'destination' };

type Row = {
  id: bigint;
  state: LedgerRow['state'];
  dedupe_scope: bigint | null;
  sha256: Buffer;
  route_id: bigint;
  job_id: bigint;
  device: bigint;
  inode: bigint;
  size_bytes: bigint;
  mtime_ns: bigint;
  ctime_ns: bigint;
  source: Buffer;
  destination: Buffer;
  decided_ms: bigint;
};

type Holder = { id: number; state: LedgerRow['state']; destination: Buffer; size_bytes: number };

/** Of one call: it takes two thirds of the time that calls of one row each take, and more rows make hardly a difference. */
const ROWS_A_CALL = 64;

const insertSql = (rows: number, returned: string): string => `
  INSERT INTO ledger (state, dedupe_scope, sha256, route_id, job_id, device, inode, size_bytes, mtime_ns, ctime_ns, source, destination, decided_ms)
  VALUES ${Array(rows).fill("('in_flight', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").join(', ')}
  ON CONFLICT DO NOTHING RETURNING ${returned}`;

const bindingsOf = (decision: Decision): unknown[] => [
  decision.scope,
  decision.sha256,
  decision.routeId,
  decision.jobId,
  toSigned(decision.device),
  toSigned(decision.inode),
  decision.sizeBytes,
  decision.mtimeNs,
  decision.ctimeNs,
  toBytes(decision.source),
  toBytes(decision.destination),
  decision.decidedMs,
];

/** The content that was taken into custody. Every method is to be called inside the transaction of its step. */
export class Ledger {
  readonly #insert;
  readonly #insertMany;
  readonly #contents: Contents;
  readonly #holder;
  readonly #inFlightWith;
  readonly #byInode;
  readonly #jobOf;
  readonly #hasUnscopedAt;
  readonly #isAt;
  readonly #hasDestination;
  readonly #byJob;
  readonly #byId;
  readonly #moveDestination;
  readonly #commit;
  readonly #commitRun;
  readonly #withdraw;

  /** @param contents where content is looked for; its own, but for tests */
  constructor(state: State, contents = new Contents(state)) {
    this.#insert = state.prepare<unknown[], { id: number }>(insertSql(1, 'id'));
    this.#insertMany = state
      .prepare<unknown[], [jobId: number, id: number]>(insertSql(ROWS_A_CALL, 'job_id, id'))
      .raw();
    this.#contents = contents;
    this.#holder = state.prepare<[number], Holder>(
      'SELECT id, state, destination, size_bytes FROM ledger WHERE id = ?',
    );
    this.#inFlightWith = state
      .prepare<unknown[], number>(
        "SELECT id FROM ledger WHERE dedupe_scope = ? AND sha256 = ? AND state = 'in_flight'",
      )
      .pluck();
    this.#byInode = state.prepare<unknown[], { id: number }>(
      "SELECT id FROM ledger WHERE device = ? AND inode = ? AND state = 'in_flight'",
    );
    this.#jobOf = state.prepare<[number], RowJob>(`
      SELECT jobs.id, jobs.state, jobs.run_at_ms AS runAtMs FROM ledger JOIN jobs ON jobs.id = ledger.job_id
      WHERE ledger.id = ?`);
    this.#hasUnscopedAt = state.prepare(
      'SELECT 1 FROM ledger WHERE dedupe_scope IS NULL AND sha256 = ? AND destination = ? AND id IS NOT ?',
    );
    this.#isAt = state.prepare('SELECT 1 FROM ledger WHERE id = ? AND destination = ? AND id IS NOT ?');
    this.#hasDestination = state.prepare('SELECT 1 FROM ledger WHERE destination = ? AND id IS NOT ?');
    this.#byJob = state
      .prepare<unknown[], Row>("SELECT * FROM ledger WHERE job_id = ? AND state = 'in_flight'")
      .safeIntegers();
    this.#byId = state.prepare<unknown[], Row>('SELECT * FROM ledger WHERE id = ?').safeIntegers();
    this.#moveDestination = state.prepare(`
      UPDATE OR IGNORE ledger SET destination = ? WHERE id = ? AND state = 'in_flight'
        AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = ledger.job_id AND jobs.lease_token = ?)`);
    this.#commit = state.prepare(
      "UPDATE ledger SET state = 'committed', committed_ms = ? WHERE id = ? AND state = 'in_flight'",
    );
    this.#commitRun = state.prepare(
      "UPDATE ledger SET state = 'committed', committed_ms = ? WHERE id BETWEEN ? AND ? AND state = 'in_flight'",
    );
    this.#withdraw = state
      .prepare<[number], Buffer>("DELETE FROM ledger WHERE id = ? AND state = 'in_flight' RETURNING sha256")
      .pluck();
  }

  /**
   * Records content as in flight. Content that is in its scope already, an inode in flight, or a destination in flight make a conflict,
   * and then nothing is written. Of rows in flight the unique indexes tell, of committed content `Contents`, which is why it must be under the
   * write lock (`writeTransaction`).
   */
  decide(decision: Decision): { id: number } | { conflict: Conflict } {
    this.#contents.catchUp();
    const holder = this.#holderOf(decision);
    const row = holder === undefined ? this.#insert.get(bindingsOf(decision)) : undefined;
    return row ?? { conflict: this.#conflictOf(decision, holder) };
  }

  /**
   * The same for many that are not expected to conflict, a statement for many rows.
   *
   * @returns the ids of the rows by their jobs'; of what is missing there nothing was written, and `decide` tells why
   */
  decideAll(decisions: readonly Decision[]): ReadonlyMap<number, number> {
    const ids = new Map<number, number>();
    const known = this.#contents.knownHeads(decisions.map(({ sha256 }) => sha256));
    const fresh = decisions.filter(({ scope, sha256 }) => scope === null || !known.has(headNumber(sha256)));
    const whole = fresh.length - (fresh.length % ROWS_A_CALL);
    for (let at = 0; at < whole; at += ROWS_A_CALL) {
      const bindings = fresh.slice(at, at + ROWS_A_CALL).flatMap(bindingsOf);
      for (const [jobId, id] of this.#insertMany.all(bindings)) ids.set(jobId, id);
    }
    for (const decision of fresh.slice(whole)) {
      const row = this.#insert.get(bindingsOf(decision));
      if (row !== undefined) ids.set(decision.jobId, row.id);
    }
    return ids;
  }

  /** Who has the content in the scope of a decision. */
  #holderOf({ scope, sha256 }: Decision): Holder | undefined {
    const id = scope === null ? undefined : this.idOf(scope, sha256);
    return id === undefined ? undefined : this.#holder.get(id);
  }

  #conflictOf(decision: Decision, holder: Holder | undefined): Conflict {
    if (holder?.state === 'committed') {
      return {
        with: 'committed',
        id: holder.id,
        destination: fromBytes(holder.destination),
        sizeBytes: holder.size_bytes,
      };
    }
    const inTheWay = holder ?? this.#byInode.get(toSigned(decision.device), toSigned(decision.inode));
    return inTheWay === undefined
      ? { with: 'destination' }
      : { with: 'in-flight', job: this.#jobOf.get(inTheWay.id) };
  }

  /** Whether a row other than `exceptId`, of any scope, has put this content there. */
  hasContentAt(sha256: Buffer, destination: BytePath, exceptId?: number): boolean {
    const rest = [toBytes(destination), exceptId ?? null];
    const id = this.idOf(WHOLE_STATE, sha256);
    return (
      (id !== undefined && this.#isAt.get(id, ...rest) !== undefined) ||
      this.#hasUnscopedAt.get(sha256, ...rest) !== undefined
    );
  }

  /** The row that has content in a scope, committed or in flight. */
  idOf(scope: number, sha256: Buffer): number | undefined {
    return this.#inFlightWith.get(scope, sha256) ?? this.#contents.find(scope, sha256);
  }

  /** Whether a row other than `exceptId` has this destination. Reads the whole table. */
  hasDestination(destination: BytePath, exceptId?: number): boolean {
    return this.#hasDestination.get(toBytes(destination), exceptId ?? null) !== undefined;
  }

  /** The row that a job left in flight: what recovery goes on with. */
  inFlightOf(jobId: number): LedgerRow | undefined {
    const row = this.#byJob.get(jobId);
    return row === undefined ? undefined : rowOf(row);
  }

  byId(id: number): LedgerRow | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : rowOf(row);
  }

  /**
   * Chooses another destination for a row in flight; fenced.
   *
   * @returns false where the lease is lost or the destination is in flight for another row
   */
  moveDestination(id: number, destination: BytePath, token: number): boolean {
    return this.#moveDestination.run(toBytes(destination), id, token).changes === 1;
  }

  /** @returns false where the row was committed already, by a process that adopted its manifest line */
  commit(id: number, nowMs: number): boolean {
    return this.#commit.run(nowMs, id).changes === 1;
  }

  /** The same for many. */
  commitAll(ids: readonly number[], nowMs: number): void {
    for (const { first, last } of runsOf(ids)) this.#commitRun.run(nowMs, first, last);
  }

  /** Takes a decision back: the content is as unknown as before. */
  withdraw(id: number): void {
    const sha256 = this.#withdraw.get(id);
    if (sha256 !== undefined) this.#contents.remove(id, sha256);
  }

  /** Keeps what is looked through in memory small. In a transaction, before it decides anything. */
  foldContents(): void {
    this.#contents.fold();
  }
}

const rowOf = (row: Row): LedgerRow => ({
  id: Number(row.id),
  state: row.state,
  scope: row.dedupe_scope === null ? null : WHOLE_STATE,
  sha256: row.sha256,
  routeId: Number(row.route_id),
  jobId: Number(row.job_id),
  device: toUnsigned(row.device),
  inode: toUnsigned(row.inode),
  sizeBytes: Number(row.size_bytes),
  mtimeNs: row.mtime_ns,
  ctimeNs: row.ctime_ns,
  source: fromBytes(row.source),
  destination: fromBytes(row.destination),
  decidedMs: Number(row.decided_ms),
});
