import { toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import type { NewJob } from './job.ts';

/** Puts jobs into the queue. */
export class Enqueuer {
  readonly #insert;
  readonly #countReady;

  constructor(state: State) {
    this.#insert = state.prepare(`
      INSERT INTO jobs (kind, key, sink_id, lane, route_id, fingerprint, size_bytes, payload, priority, state, run_at_ms, enqueued_ms, updated_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, key, sink_id) DO UPDATE SET
        state = excluded.state, lane = excluded.lane, route_id = excluded.route_id, fingerprint = excluded.fingerprint,
        size_bytes = excluded.size_bytes, payload = excluded.payload, priority = excluded.priority,
        run_at_ms = excluded.run_at_ms, attempts = 0, reason = NULL, updated_ms = excluded.updated_ms
      WHERE jobs.state = 'failed' AND jobs.fingerprint IS NOT excluded.fingerprint`);
    this.#countReady = state.prepare<[], { n: number }>(
      "SELECT count(*) AS n FROM jobs WHERE state = 'ready'",
    );
  }

  /**
   * Adds a job unless one with its kind, key and sink exists. A failed one becomes ready again, attempts anew, when its
   * fingerprint differs. Call it inside a transaction that holds many.
   *
   * @returns whether there is something new to do
   */
  put(job: NewJob, nowMs: number): boolean {
    const runAtMs = job.runAtMs ?? 0;
    const { changes } = this.#insert.run(
      job.kind,
      toBytes(job.key),
      job.sinkId ?? 0,
      job.lane ?? 'batch',
      job.routeId ?? null,
      job.fingerprint ?? null,
      job.sizeBytes ?? 0,
      job.payload ?? null,
      job.priority ?? 0,
      runAtMs > nowMs ? 'delayed' : 'ready',
      runAtMs,
      nowMs,
      nowMs,
    );
    return changes > 0;
  }

  /** Jobs that wait for a worker now: what back-pressure looks at. */
  readyCount(): number {
    return this.#countReady.get()?.n ?? 0;
  }
}
