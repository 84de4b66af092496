import type { BytePath } from '../fs/byte-path.ts';
import { toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import type { JobKind } from './job.ts';
import { laneOf } from './lanes.ts';
import { ManyRows } from './many-rows.ts';
import type { Sink } from './sinks.ts';

/** A file that was committed, as its sinks are told of it. */
export type CommittedFile = { ledgerId: number; routeId: number; path: BytePath; sizeBytes: number };

/** The kind of job that each type of sink gives. */
const KIND_OF: Readonly<Record<Sink['settings']['type'], JobKind>> = { s3: 'upload' };

type Put = { file: CommittedFile; sink: Sink; nowMs: number };

/** The jobs by which committed files are handed on. */
export class SinkJobs {
  readonly #put;

  constructor(state: State) {
    this.#put = new ManyRows<Put>(state, {
      head: 'INSERT INTO jobs (kind, key, sink_id, lane, route_id, size_bytes, payload, enqueued_ms, updated_ms)',
      values: '(?, ?, ?, ?, ?, ?, ?, ?, ?)',
      tail: `
        ON CONFLICT (kind, key, sink_id) DO UPDATE SET
          state = iif(state = 'leased', state, 'ready'), lane = excluded.lane, route_id = excluded.route_id, size_bytes = excluded.size_bytes,
          payload = excluded.payload, run_at_ms = 0, attempts = 0, reason = NULL, enqueued_ms = excluded.enqueued_ms,
          updated_ms = excluded.updated_ms
        WHERE jobs.payload IS NOT excluded.payload`,
      bind: ({ file, sink, nowMs }) => [
        KIND_OF[sink.settings.type],
        toBytes(file.path),
        sink.id,
        laneOf(file.sizeBytes),
        file.routeId,
        file.sizeBytes,
        JSON.stringify({ ledger: file.ledgerId }),
        nowMs,
        nowMs,
      ],
    });
  }

  /**
   * One job a file and sink, in the transaction that commits the files: then none can be forgotten, and no sink sees one that is not
   * committed. A job that there is for an earlier file of this path, which somebody took away, is this one's from now on; who holds it finds
   * out at its end: see `Settlements.passOn`.
   */
  add(files: readonly CommittedFile[], sinksOf: (routeId: number) => readonly Sink[], nowMs: number): void {
    this.#put.run(files.flatMap((file) => sinksOf(file.routeId).map((sink) => ({ file, sink, nowMs }))));
  }
}
