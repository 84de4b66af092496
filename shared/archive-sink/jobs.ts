import { LeaseLostError } from '../errors.ts';
import { type BytePath, fromText, toBytes } from '../fs/byte-path.ts';
import { laneOf } from '../queue/lanes.ts';
import type { State } from '../state/open.ts';

/**
 * What the job that collects a base waits for while it is delayed: for more deposits, so that it is made ready when nothing more comes;
 * for others to be done with files that are to be released; or for a base, or for whoever collects it at present.
 */
export type WaitsFor = 'deposits' | 'release' | 'base';

/** The jobs that archives need beside those of `SinkJobs`. Call its methods inside a transaction. */
export class ArchiveJobs {
  readonly #collect;
  readonly #wait;
  readonly #makeReady;
  readonly #hasWaiting;
  readonly #uncollected;
  readonly #again;
  readonly #ofAnother;

  constructor(state: State) {
    this.#collect = state.prepare(`
      INSERT INTO jobs (kind, key, payload, state, run_at_ms, enqueued_ms, updated_ms)
      VALUES ('scavenge', ?, '{"waits":"deposits"}', ?, ?, ?, ?)
      ON CONFLICT (kind, key, sink_id) DO UPDATE SET
        state = excluded.state, run_at_ms = excluded.run_at_ms, payload = excluded.payload, attempts = 0, reason = NULL,
        lane = 'batch', updated_ms = excluded.updated_ms
      WHERE jobs.state = 'failed'
        OR jobs.state = 'delayed' AND jobs.payload ->> 'waits' <> 'base' AND jobs.run_at_ms > excluded.run_at_ms`);
    this.#wait = state.prepare(`
      UPDATE jobs SET state = 'delayed', lease_token = NULL, run_at_ms = ?, reason = ?, payload = json_object('waits', ?), lane = 'batch',
        attempts = attempts - 1, updated_ms = ?
      WHERE id = ? AND lease_token = ?`);
    this.#makeReady = state.prepare<[number, string]>(`
      UPDATE jobs SET state = 'ready', run_at_ms = 0, updated_ms = ?
      WHERE kind = 'scavenge' AND state = 'delayed' AND payload ->> 'waits' = ?`);
    this.#hasWaiting = state.prepare<[string]>(
      "SELECT 1 FROM jobs WHERE kind = 'scavenge' AND state = 'delayed' AND payload ->> 'waits' = ? LIMIT 1",
    );
    this.#uncollected = state
      .prepare<[], string>(`
        SELECT path FROM archive_bases
        WHERE (EXISTS (SELECT 1 FROM archive_deposits WHERE base_id = archive_bases.id AND state = 'staged')
            OR EXISTS (SELECT 1 FROM archive_deposits WHERE base_id = archive_bases.id AND release IN ('due', 'removing')))
          AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = 'scavenge' AND key = CAST(path AS BLOB))`)
      .pluck();
    this.#again = state.prepare(`
      INSERT INTO jobs (kind, key, sink_id, lane, route_id, size_bytes, payload, enqueued_ms, updated_ms)
      SELECT 'archive', ?, ?, ?, route_id, ?, json_object('ledger', id), ?, ? FROM ledger WHERE id = ?
      ON CONFLICT (kind, key, sink_id) DO NOTHING`);
    this.#ofAnother = state.prepare<[Buffer, number, number]>(
      "SELECT 1 FROM jobs WHERE kind = 'archive' AND key = ? AND sink_id = ? AND payload ->> 'ledger' <> ?",
    );
  }

  /** Sees to it that a base is collected by `runAtMs`, or by when it is to be already. */
  collect(base: string, runAtMs: number, nowMs: number): void {
    const state = runAtMs > nowMs ? 'delayed' : 'ready';
    this.#collect.run(toBytes(fromText(base)), state, runAtMs > nowMs ? runAtMs : 0, nowMs, nowMs);
  }

  /** Not now, and at no charge. @throws LeaseLostError */
  wait(
    jobId: number,
    token: number,
    { runAtMs, reason, waitsFor }: { runAtMs: number; reason: string | undefined; waitsFor: WaitsFor },
    nowMs: number,
  ): void {
    const { changes } = this.#wait.run(runAtMs, reason ?? null, waitsFor, nowMs, jobId, token);
    if (changes === 0) throw new LeaseLostError(token);
  }

  hasWaiting(waitsFor: WaitsFor): boolean {
    return this.#hasWaiting.get(waitsFor) !== undefined;
  }

  /** Nothing more is coming. @returns how many bases are collected now */
  makeReady(waitsFor: WaitsFor, nowMs: number): number {
    return this.#makeReady.run(nowMs, waitsFor).changes;
  }

  /** Bases that have something to be collected, and whose job somebody dropped. */
  uncollected(): string[] {
    return this.#uncollected.all();
  }

  /** Whether the job of this name is one of a later file, which has got the name in the warehouse. */
  isOfAnother({ ledgerId, sinkId, path }: { ledgerId: number; sinkId: number; path: BytePath }): boolean {
    return this.#ofAnother.get(toBytes(path), sinkId, ledgerId) !== undefined;
  }

  /** A file whose deposit is lost is deposited once more. */
  again(
    {
      ledgerId,
      sinkId,
      path,
      sizeBytes,
    }: { ledgerId: number; sinkId: number; path: BytePath; sizeBytes: number },
    nowMs: number,
  ): void {
    this.#again.run(toBytes(path), sinkId, laneOf(sizeBytes), sizeBytes, nowMs, nowMs, ledgerId);
  }
}
