import { type BytePath, fromBytes, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import type { JobKind, JobState } from './job.ts';
import { laneOf } from './lanes.ts';
import { ManyRows } from './many-rows.ts';

/** A file that was judged complete. */
export type CompleteFile = {
  /** What is to be done with it, and for which sink; 0 for none. */
  kind: JobKind;
  sinkId: number;
  path: BytePath;
  routeId: number;
  fingerprint: string;
  sizeBytes: number;
  /** Of the sidecar that completed it. */
  sidecarFingerprint?: string;
};

/** What the queue knows of a file. */
export type KnownJob = { state: JobState; fingerprint: string | null; payload: string | null };

type Put = { file: CompleteFile; nowMs: number };

export type FailedJob = { id: number; path: BytePath };

/** The queue as whoever finds files sees it: which it has already, and many new ones at a time. */
export class FileJobs {
  readonly #get;
  readonly #put;
  readonly #failed;
  readonly #removeFailed;

  constructor(state: State) {
    this.#get = state.prepare<[JobKind, Buffer, number], KnownJob>(
      'SELECT state, fingerprint, payload FROM jobs WHERE kind = ? AND key = ? AND sink_id = ?',
    );
    this.#put = new ManyRows<Put>(state, {
      head: 'INSERT INTO jobs (kind, key, sink_id, lane, route_id, fingerprint, size_bytes, payload, enqueued_ms, updated_ms)',
      values: '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      tail: `
        ON CONFLICT (kind, key, sink_id) DO UPDATE SET
          state = 'ready', lane = excluded.lane, route_id = excluded.route_id, fingerprint = excluded.fingerprint,
          size_bytes = excluded.size_bytes, payload = excluded.payload, run_at_ms = 0, attempts = 0, reason = NULL,
          updated_ms = excluded.updated_ms
        WHERE jobs.state = 'failed'
          AND (jobs.fingerprint IS NOT excluded.fingerprint OR jobs.payload IS NOT excluded.payload)`,
      bind: ({ file, nowMs }) => [
        file.kind,
        toBytes(file.path),
        file.sinkId,
        laneOf(file.sizeBytes),
        file.routeId,
        file.fingerprint,
        file.sizeBytes,
        payloadOf(file) ?? null,
        nowMs,
        nowMs,
      ],
    });
    this.#failed = state.prepare<[number, number, number], { id: number; key: Buffer }>(`
      SELECT id, key FROM jobs INDEXED BY jobs_failed
      WHERE state = 'failed' AND route_id = ? AND payload ->> 'ledger' IS NULL AND id > ? ORDER BY id LIMIT ?`);
    this.#removeFailed = state.prepare(`
      DELETE FROM jobs WHERE id = ? AND state = 'failed'
        AND NOT EXISTS (SELECT 1 FROM ledger WHERE job_id = jobs.id AND state = 'in_flight')
        AND NOT EXISTS (SELECT 1 FROM duplicates WHERE job_id = jobs.id AND state = 'in_flight')`);
  }

  get({ kind, sinkId }: Pick<CompleteFile, 'kind' | 'sinkId'>, path: BytePath): KnownJob | undefined {
    return this.#get.get(kind, toBytes(path), sinkId);
  }

  /**
   * Adds a job for each file that has none. A failed one becomes ready again, attempts anew, when its file or its sidecar is
   * another; any other one is left as it is. Call it inside a transaction. Idempotent.
   *
   * @returns how many are new or ready again
   */
  putAll(files: readonly CompleteFile[], nowMs: number): number {
    return this.#put.run(files.map((file) => ({ file, nowMs })));
  }

  /** The failed ones of a route by id, after `afterId`; not those whose files are in the warehouse, which may be away. */
  failed(routeId: number, afterId: number, limit: number): FailedJob[] {
    return this.#failed.all(routeId, afterId, limit).map(({ id, key }) => ({ id, path: fromBytes(key) }));
  }

  /** Forgets a failed job, unless something of it is in flight: then the file may be elsewhere. @returns whether it did */
  removeFailed(id: number): boolean {
    return this.#removeFailed.run(id).changes === 1;
  }
}

/**
 * What a job says besides its file. The sidecar's fingerprint is there so that a sidecar written anew, say with the right checksum, is
 * a change that a failed job is tried again for.
 */
const payloadOf = ({ sidecarFingerprint }: Pick<CompleteFile, 'sidecarFingerprint'>): string | undefined =>
  sidecarFingerprint === undefined ? undefined : JSON.stringify({ sidecar: true, sidecarFingerprint });

/** Whether there is nothing to be done for a file that is complete: its job waits, is worked on, or failed with this very file. */
export const isSettled = (
  known: KnownJob,
  file: Pick<CompleteFile, 'fingerprint' | 'sidecarFingerprint'>,
): boolean =>
  known.state !== 'failed' ||
  (known.fingerprint === file.fingerprint && known.payload === (payloadOf(file) ?? null));
