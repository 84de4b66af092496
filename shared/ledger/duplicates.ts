import { type BytePath, fromBytes, toBytes } from '../fs/byte-path.ts';
import type { Fingerprint } from '../fs/fingerprint.ts';
import type { State } from '../state/open.ts';
import { toSigned, toUnsigned } from './integers.ts';
import type { ReadContent } from './ledger.ts';

export type DuplicateAction = 'move' | 'delete' | 'leave';

/** Content that came again: which row it repeats, and what is to be done with the file. */
export type Repetition = Omit<ReadContent, 'sha256'> & {
  ledgerId: number;
  action: DuplicateAction;
  routeId: number;
  jobId: number;
  fingerprint: Fingerprint;
  source: BytePath;
  /** Where it is moved to; undefined for `delete` and `leave`. */
  destination: BytePath | undefined;
  decidedMs: number;
};

export type DuplicateRow = Repetition & { id: number };

type Row = {
  id: bigint;
  ledger_id: bigint;
  action: DuplicateAction;
  route_id: bigint;
  job_id: bigint;
  fingerprint: Fingerprint;
  device: bigint;
  inode: bigint;
  size_bytes: bigint;
  mtime_ns: bigint;
  ctime_ns: bigint;
  source: Buffer;
  destination: Buffer | null;
  decided_ms: bigint;
};

/** Duplicates take the steps of every file: recorded in flight, moved or unlinked or left, settled. */
export class Duplicates {
  readonly #insert;
  readonly #byJob;
  readonly #hasContentAt;
  readonly #hasDestination;
  readonly #moveDestination;
  readonly #settle;
  readonly #withdraw;

  constructor(state: State) {
    this.#insert = state.prepare<unknown[], { id: number }>(`
      INSERT INTO duplicates (ledger_id, state, action, route_id, job_id, fingerprint, device, inode, size_bytes, mtime_ns, ctime_ns, source, destination, decided_ms)
      VALUES (?, 'in_flight', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING RETURNING id`);
    this.#byJob = state
      .prepare<unknown[], Row>("SELECT * FROM duplicates WHERE job_id = ? AND state = 'in_flight'")
      .safeIntegers();
    this.#hasContentAt = state.prepare(
      'SELECT 1 FROM duplicates WHERE ledger_id = ? AND destination = ? AND id IS NOT ?',
    );
    this.#hasDestination = state.prepare('SELECT 1 FROM duplicates WHERE destination = ? AND id IS NOT ?');
    this.#moveDestination = state.prepare(`
      UPDATE OR IGNORE duplicates SET destination = ? WHERE id = ? AND state = 'in_flight'
        AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = duplicates.job_id AND jobs.lease_token = ?)`);
    this.#settle = state.prepare(
      "UPDATE duplicates SET state = 'settled', settled_ms = ? WHERE id = ? AND state = 'in_flight'",
    );
    this.#withdraw = state.prepare("DELETE FROM duplicates WHERE id = ? AND state = 'in_flight'");
  }

  /** @returns undefined where its inode or its destination is in flight already; then nothing is written */
  decide(repetition: Repetition): number | undefined {
    const row = this.#insert.get(
      repetition.ledgerId,
      repetition.action,
      repetition.routeId,
      repetition.jobId,
      repetition.fingerprint,
      toSigned(repetition.device),
      toSigned(repetition.inode),
      repetition.sizeBytes,
      repetition.mtimeNs,
      repetition.ctimeNs,
      toBytes(repetition.source),
      repetition.destination === undefined ? null : toBytes(repetition.destination),
      repetition.decidedMs,
    );
    return row?.id;
  }

  inFlightOf(jobId: number): DuplicateRow | undefined {
    const row = this.#byJob.get(jobId);
    return row === undefined ? undefined : rowOf(row);
  }

  /** Whether a row other than `exceptId` has put a duplicate of this original there. */
  hasContentAt(ledgerId: number, destination: BytePath, exceptId?: number): boolean {
    return this.#hasContentAt.get(ledgerId, toBytes(destination), exceptId ?? null) !== undefined;
  }

  /** Whether a row other than `exceptId` has this destination. Reads the whole table. */
  hasDestination(destination: BytePath, exceptId?: number): boolean {
    return this.#hasDestination.get(toBytes(destination), exceptId ?? null) !== undefined;
  }

  /** Fenced as `Ledger.moveDestination`. */
  moveDestination(id: number, destination: BytePath, token: number): boolean {
    return this.#moveDestination.run(toBytes(destination), id, token).changes === 1;
  }

  settle(id: number, nowMs: number): void {
    this.#settle.run(nowMs, id);
  }

  withdraw(id: number): void {
    this.#withdraw.run(id);
  }
}

const rowOf = (row: Row): DuplicateRow => ({
  id: Number(row.id),
  ledgerId: Number(row.ledger_id),
  action: row.action,
  routeId: Number(row.route_id),
  jobId: Number(row.job_id),
  fingerprint: row.fingerprint,
  device: toUnsigned(row.device),
  inode: toUnsigned(row.inode),
  sizeBytes: Number(row.size_bytes),
  mtimeNs: row.mtime_ns,
  ctimeNs: row.ctime_ns,
  source: fromBytes(row.source),
  destination: row.destination === null ? undefined : fromBytes(row.destination),
  decidedMs: Number(row.decided_ms),
});
