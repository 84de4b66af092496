import { LeaseLostError } from '../errors.ts';
import { type BytePath, fromBytes } from '../fs/byte-path.ts';
import type { ProcessIdentity } from '../linux/process-identity.ts';
import type { State } from '../state/open.ts';
import { lazyTransaction, writeTransaction } from '../state/transaction.ts';
import type { Job, Lane } from './job.ts';
import { runsOf } from './runs.ts';

/** Who claims: shown in `queue stats`, and looked up to see whether it still lives. */
export type Holder = ProcessIdentity & { owner: string };

/** The right to some jobs, as it stood when it was given. */
export type Lease = { token: number; expiresMs: number; jobs: Job[] };

export type ClaimRequest = {
  kind: string;
  lane: Lane;
  limit: number;
  leaseMs: number;
  nowMs: number;
  /** `newest` takes the other end of the order: better-queue's filo. */
  end?: 'oldest' | 'newest';
};

/** A lease that was taken away, and what became of its jobs. */
export type Reclaimed = {
  token: number;
  owner: string;
  pid: number;
  why: 'expired' | 'owner died';
  jobs: number;
  failed: FailedJob[];
};

export type FailedJob = { id: number; key: BytePath; reason: string };

type ReclaimedRow = { id: number; key: Buffer; state: string; reason: string | null };

const failedJobOf = ({ id, key, state, reason }: ReclaimedRow): FailedJob[] =>
  state === 'failed' ? [{ id, key: fromBytes(key), reason: reason ?? '' }] : [];

/** As columns, which take half the time of objects. */
type JobRow = [
  id: number,
  kind: string,
  key: Buffer,
  sinkId: number,
  lane: Lane,
  routeId: number | null,
  fingerprint: string | null,
  sizeBytes: number,
  payload: string | null,
  priority: number,
  attempts: number,
  enqueuedMs: number,
];

type LeaseRow = {
  token: number;
  owner: string;
  host: string;
  boot: string;
  pid: number;
  pid_start: string;
  expires_ms: number;
};

const JOB_COLUMNS =
  'id, kind, key, sink_id, lane, route_id, fingerprint, size_bytes, payload, priority, attempts, enqueued_ms';

/**
 * A job delayed at a moment that is yet to come: the clock was set back since, and it would wait as long as the clock was wrong. Only of
 * those that are far off, which the index finds, since the clocks of two machines may differ a little.
 */
const DELAYED_IN_FUTURE = "state = 'delayed' AND run_at_ms > ? + 120000 AND updated_ms > ? + 60000";

const readySql = (order: string) =>
  `SELECT ${JOB_COLUMNS} FROM jobs WHERE kind = ? AND lane = ? AND state = 'ready' ORDER BY ${order} LIMIT ?`;

/**
 * Gives leases, renews them, and takes back those that ended. Safe with any number of processes: each change is one
 * transaction under the write lock, and a token is never given twice.
 */
export class Claims {
  readonly #state: State;
  readonly #holder: Holder;
  readonly #somethingToDo;
  readonly #promote;
  readonly #insertLease;
  readonly #readyOldest;
  readonly #readyNewest;
  readonly #claimRun;
  readonly #renew;
  readonly #releaseRest;
  readonly #deleteLease;
  readonly #leases;
  readonly #reclaimJobs;

  constructor(state: State, holder: Holder) {
    this.#state = state;
    this.#holder = holder;
    this.#somethingToDo = state.prepare<[string, Lane, number, number, number], unknown>(`
      SELECT 1 WHERE EXISTS (SELECT 1 FROM jobs WHERE kind = ? AND lane = ? AND state = 'ready')
                  OR EXISTS (SELECT 1 FROM jobs WHERE state = 'delayed' AND run_at_ms <= ?)
                  OR EXISTS (SELECT 1 FROM jobs WHERE ${DELAYED_IN_FUTURE})`);
    this.#promote = state.prepare(
      `UPDATE jobs SET state = 'ready' WHERE state = 'delayed' AND run_at_ms <= ? OR ${DELAYED_IN_FUTURE}`,
    );
    this.#insertLease = state.prepare(`
      INSERT INTO leases (owner, host, boot, pid, pid_start, claimed_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#readyOldest = state.prepare<unknown[], JobRow>(readySql('priority DESC, id')).raw();
    this.#readyNewest = state.prepare<unknown[], JobRow>(readySql('priority, id DESC')).raw();
    this.#claimRun = state.prepare(`
      UPDATE jobs SET state = 'leased', lease_token = ?, attempts = attempts + 1, updated_ms = ? WHERE id BETWEEN ? AND ?`);
    this.#renew = state.prepare('UPDATE leases SET expires_ms = ? WHERE token = ?');
    this.#releaseRest = state.prepare(`
      UPDATE jobs SET state = 'ready', lease_token = NULL, attempts = attempts - 1, updated_ms = ? WHERE lease_token = ?`);
    this.#deleteLease = state.prepare('DELETE FROM leases WHERE token = ?');
    this.#leases = state.prepare<[], LeaseRow>(
      'SELECT token, owner, host, boot, pid, pid_start, expires_ms FROM leases',
    );
    this.#reclaimJobs = state.prepare<unknown[], ReclaimedRow>(`
      UPDATE jobs SET
        state = CASE WHEN lane = 'suspect' AND attempts >= :maxAttempts THEN 'failed' ELSE 'ready' END,
        attempts = CASE WHEN lane = 'suspect' THEN attempts ELSE attempts - 1 END,
        lane = 'suspect', lease_token = NULL, updated_ms = :nowMs,
        reason = CASE WHEN lane = 'suspect' AND attempts >= :maxAttempts THEN :reason || ', at attempt ' || attempts ELSE reason END
      WHERE lease_token = :token
      RETURNING id, key, state, reason`);
  }

  /**
   * Takes up to `limit` ready jobs under one new lease, those of the highest priority and then the oldest first, and
   * charges each an attempt. Jobs whose `run_at` has come are made ready first, and those delayed before the clock was set back.
   *
   * Not durable by itself: a power cut ends every holder, and whatever the claim leads to is durable later than it.
   *
   * @returns undefined where nothing is ready; then nothing was written
   */
  claim({ kind, lane, limit, leaseMs, nowMs, end = 'oldest' }: ClaimRequest): Lease | undefined {
    if (this.#somethingToDo.get(kind, lane, nowMs, nowMs, nowMs) === undefined) return undefined;
    return lazyTransaction(this.#state, () => {
      this.#promote.run(nowMs, nowMs, nowMs);
      const ready = end === 'oldest' ? this.#readyOldest : this.#readyNewest;
      const jobs = ready.all(kind, lane, limit).map(jobOf);
      if (jobs.length === 0) return undefined;
      const { owner, host, boot, pid, pidStart } = this.#holder;
      const expiresMs = nowMs + leaseMs;
      const token = Number(
        this.#insertLease.run(owner, host, boot, pid, pidStart, nowMs, expiresMs).lastInsertRowid,
      );
      for (const { first, last } of runsOf(jobs.map(({ id }) => id)))
        this.#claimRun.run(token, nowMs, first, last);
      return { token, expiresMs, jobs };
    });
  }

  /** Extends a lease that nobody has taken away yet. @throws LeaseLostError */
  renew(token: number, expiresMs: number): void {
    if (this.#renew.run(expiresMs, token).changes === 0) throw new LeaseLostError(token);
  }

  /** Ends a lease. Jobs of it that are not settled become ready again, at no charge. Idempotent. */
  end(token: number, nowMs: number): void {
    lazyTransaction(this.#state, () => {
      this.#releaseRest.run(nowMs, token);
      this.#deleteLease.run(token);
    });
  }

  /**
   * Takes back the leases that expired or whose owner is a process on this host that is dead. Their jobs go to lane `suspect`. Only
   * there, where a job is all that its worker has in hand, is its worker's death its own fault: the attempt stays charged, and one
   * that has had `maxAttempts` is failed.
   */
  reclaim(nowMs: number, maxAttempts: number, isDead: (owner: ProcessIdentity) => boolean): Reclaimed[] {
    const ended = this.#leases.all().flatMap((row) => {
      const why = endOf(row, nowMs, isDead);
      return why === undefined ? [] : [{ row, why }];
    });
    if (ended.length === 0) return [];
    return writeTransaction(this.#state, () =>
      ended.flatMap(({ row, why }) => {
        const renewed = this.#leases.all().find((lease) => lease.token === row.token);
        if (renewed === undefined || (why === 'expired' && renewed.expires_ms > nowMs)) return [];
        const reason = why === 'expired' ? 'its worker went silent' : 'its worker died';
        const jobs = this.#reclaimJobs.all({ token: row.token, nowMs, maxAttempts, reason });
        this.#deleteLease.run(row.token);
        const failed = jobs.flatMap(failedJobOf);
        return [{ token: row.token, owner: row.owner, pid: row.pid, why, jobs: jobs.length, failed }];
      }),
    );
  }
}

function endOf(
  row: LeaseRow,
  nowMs: number,
  isDead: (owner: ProcessIdentity) => boolean,
): Reclaimed['why'] | undefined {
  if (isDead({ host: row.host, boot: row.boot, pid: row.pid, pidStart: row.pid_start })) return 'owner died';
  return row.expires_ms <= nowMs ? 'expired' : undefined;
}

/** A ready job as it is once it is claimed. */
function jobOf(row: JobRow): Job {
  const [
    id,
    kind,
    key,
    sinkId,
    lane,
    routeId,
    fingerprint,
    sizeBytes,
    payload,
    priority,
    attempts,
    enqueuedMs,
  ] = row;
  return {
    id,
    kind,
    key: fromBytes(key),
    sinkId,
    lane,
    routeId: routeId ?? undefined,
    fingerprint: fingerprint ?? undefined,
    sizeBytes,
    payload: payload ?? undefined,
    priority,
    attempts: attempts + 1,
    enqueuedMs,
  };
}
