import { LeaseLostError } from '../errors.ts';
import { type BytePath, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import type { Job, JobState, Lane } from './job.ts';
import { runsOf } from './runs.ts';

/**
 * How a holder ends its work on one job. Every write is fenced: it carries the lease's token, and where the job no longer
 * has that token it throws `LeaseLostError` and changes nothing. Call these inside the transaction that records
 * the work's effect, so that both are there or neither.
 */
export class Settlements {
  readonly #complete;
  readonly #delay;
  readonly #suspect;
  readonly #fail;
  readonly #release;
  readonly #passOn;
  readonly #rekey;
  readonly #forgetFailed;
  readonly #keyOwner;
  readonly #holds;
  readonly #heldBy;
  readonly #completeRun;
  readonly #endLease;

  constructor(state: State) {
    this.#complete = state.prepare('DELETE FROM jobs WHERE id = ? AND lease_token = ?');
    this.#delay = state.prepare(`
      UPDATE jobs SET state = 'delayed', lease_token = NULL, run_at_ms = ?, reason = ?, attempts = attempts - ?, updated_ms = ?,
        lane = ifnull(?, lane)
      WHERE id = ? AND lease_token = ?`);
    this.#suspect = state.prepare(`
      UPDATE jobs SET state = 'ready', lane = 'suspect', lease_token = NULL, attempts = attempts - 1, reason = ?, updated_ms = ?
      WHERE id = ? AND lease_token = ?`);
    this.#fail = state.prepare(`
      UPDATE jobs SET state = 'failed', lease_token = NULL, reason = ?, updated_ms = ? WHERE id = ? AND lease_token = ?`);
    this.#release = state.prepare(`
      UPDATE jobs SET state = 'ready', lease_token = NULL, attempts = attempts - 1, updated_ms = ? WHERE id = ? AND lease_token = ?`);
    this.#passOn = state.prepare(`
      UPDATE jobs SET state = 'ready', lease_token = NULL, attempts = 0, updated_ms = ?
      WHERE id = ? AND lease_token = ? AND payload IS NOT ?`);
    this.#rekey = state.prepare('UPDATE jobs SET key = ?, updated_ms = ? WHERE id = ? AND lease_token = ?');
    this.#keyOwner = state.prepare<unknown[], { id: number; state: JobState; run_at_ms: number }>(
      'SELECT id, state, run_at_ms FROM jobs WHERE kind = ? AND key = ? AND sink_id = ?',
    );
    this.#forgetFailed = state.prepare("DELETE FROM jobs WHERE id = ? AND state = 'failed'");
    this.#holds = state.prepare('SELECT 1 FROM jobs WHERE id = ? AND lease_token = ?');
    this.#heldBy = state.prepare<[number], number>('SELECT id FROM jobs WHERE lease_token = ?').pluck();
    this.#completeRun = state.prepare('DELETE FROM jobs WHERE id BETWEEN ? AND ? AND lease_token = ?');
    this.#endLease = state.prepare(
      'DELETE FROM leases WHERE token = ? AND NOT EXISTS (SELECT 1 FROM jobs WHERE lease_token = leases.token)',
    );
  }

  /** Done, or no longer a job: the row goes. */
  complete(jobId: number, token: number): void {
    fenced(this.#complete.run(jobId, token).changes, token);
  }

  /** The same for many: a statement for each run of jobs that were enqueued together. */
  completeAll(jobIds: readonly number[], token: number): void {
    for (const { first, last, length } of runsOf(jobIds)) {
      if (this.#completeRun.run(first, last, token).changes !== length) throw new LeaseLostError(token);
    }
  }

  /** Not now: ready again at `runAtMs`. `charged` says whether this attempt counts; `lane`, where it is given, that it is no suspect. */
  delay(
    jobId: number,
    token: number,
    delay: { runAtMs: number; reason: string; charged: boolean; nowMs: number; lane?: Lane },
  ): void {
    const refund = delay.charged ? 0 : 1;
    const { runAtMs, reason, nowMs, lane = null } = delay;
    fenced(this.#delay.run(runAtMs, reason, refund, nowMs, lane, jobId, token).changes, token);
  }

  /** One of several that went wrong together: ready again at no charge, and next time it is all that its worker has in hand. */
  suspect(jobId: number, token: number, reason: string, nowMs: number): void {
    fenced(this.#suspect.run(reason, nowMs, jobId, token).changes, token);
  }

  /** Not without a person: kept with its reason until it is retried, dropped, or its file changes. */
  fail(jobId: number, token: number, reason: string, nowMs: number): void {
    fenced(this.#fail.run(reason, nowMs, jobId, token).changes, token);
  }

  /**
   * Its file is, or is about to be, under another name. A failed job of that name is forgotten: nothing is there that it could be about.
   *
   * @returns the job that has this name, where there is one that is still to be done; then nothing is changed
   */
  rekey(
    { id, kind, sinkId }: Pick<Job, 'id' | 'kind' | 'sinkId'>,
    token: number,
    key: BytePath,
    nowMs: number,
  ): { runAtMs: number } | undefined {
    const owner = this.#keyOwner.get(kind, toBytes(key), sinkId);
    if (owner !== undefined && owner.id !== id) {
      if (owner.state !== 'failed') return { runAtMs: owner.run_at_ms };
      this.#forgetFailed.run(owner.id);
    }
    fenced(this.#rekey.run(toBytes(key), nowMs, id, token).changes, token);
    return undefined;
  }

  /** Ready again at once, with attempts anew, where it was given to another file while it was held. @returns whether it was */
  passOn({ id, payload }: Pick<Job, 'id' | 'payload'>, token: number, nowMs: number): boolean {
    return this.#passOn.run(nowMs, id, token, payload ?? null).changes === 1;
  }

  /** Given back untouched, at no charge: an ordered stop. */
  release(jobId: number, token: number, nowMs: number): void {
    fenced(this.#release.run(nowMs, jobId, token).changes, token);
  }

  /** Whether the job is still held under this token. Only true until the transaction it is asked in ends. */
  holds(jobId: number, token: number): boolean {
    return this.#holds.get(jobId, token) !== undefined;
  }

  /** All jobs that are held under this token. Only true until the transaction it is asked in ends. */
  heldBy(token: number): ReadonlySet<number> {
    return new Set(this.#heldBy.all(token));
  }

  /** Ends a lease of which nothing is left, in the transaction that settled its last job. @returns whether it is ended */
  endLease(token: number): boolean {
    return this.#endLease.run(token).changes === 1;
  }
}

function fenced(changes: number, token: number): void {
  if (changes === 0) throw new LeaseLostError(token);
}
