import type { SinkSettings } from '../config/settings.ts';
import { type BytePath, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { Gatherer } from '../tables/gather.ts';
import type { FoundFile } from '../tables/scanner.ts';
import type { JobKind } from './job.ts';
import { laneOf } from './lanes.ts';
import { ManyRows } from './many-rows.ts';
import type { Sink } from './sinks.ts';

/** A file that was committed, as its sinks are told of it. */
export type CommittedFile = {
  ledgerId: number;
  routeId: number;
  path: BytePath;
  sizeBytes: number;
  sha256: Buffer;
  mtimeNs: bigint;
  decidedMs: number;
};

type Put = { kind: JobKind; file: CommittedFile; sinkId: number; nowMs: number };

/** The jobs by which committed files are handed on: to object storage and into archives one a file, to a table one a task of many. */
export class SinkJobs {
  readonly #put;
  readonly #gatherer;

  constructor(state: State) {
    this.#gatherer = new Gatherer(state);
    this.#put = new ManyRows<Put>(state, {
      head: 'INSERT INTO jobs (kind, key, sink_id, lane, route_id, size_bytes, payload, enqueued_ms, updated_ms)',
      values: '(?, ?, ?, ?, ?, ?, ?, ?, ?)',
      tail: `
        ON CONFLICT (kind, key, sink_id) DO UPDATE SET
          state = iif(state = 'leased', state, 'ready'), lane = excluded.lane, route_id = excluded.route_id, size_bytes = excluded.size_bytes,
          payload = excluded.payload, run_at_ms = 0, attempts = 0, reason = NULL, enqueued_ms = excluded.enqueued_ms,
          updated_ms = excluded.updated_ms
        WHERE jobs.payload IS NOT excluded.payload`,
      bind: ({ kind, file, sinkId, nowMs }) => [
        kind,
        toBytes(file.path),
        sinkId,
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
   * Hands files on to each sink of their routes, in the transaction that commits them: then none can be forgotten, and no sink sees one that
   * is not committed.
   *
   * A job that there is for an earlier file of this path, which somebody took away, is this one's from now on; who holds it finds
   * out at its end: see `Settlements.passOn`.
   */
  add(files: readonly CommittedFile[], sinksOf: (routeId: number) => readonly Sink[], nowMs: number): void {
    for (const [routeId, group] of Map.groupBy(files, (file) => file.routeId)) {
      const sinks = sinksOf(routeId);
      const single = sinks.flatMap(({ id, settings }) => {
        const kind = KIND_A_FILE[settings.type];
        return kind === undefined ? [] : [{ kind, sinkId: id, nowMs }];
      });
      this.#put.run(group.flatMap((file) => single.map((put) => ({ ...put, file }))));
      for (const { id, settings } of sinks)
        if (settings.type === 'load') this.#gatherer.add(group.map(foundFileOf), { id, settings }, nowMs);
    }
  }
}

/** Of the sinks whose every file is a job. */
const KIND_A_FILE: Readonly<Record<SinkSettings['type'], JobKind | undefined>> = {
  s3: 'upload',
  archive: 'archive',
  load: undefined,
};

const foundFileOf = ({
  path,
  sizeBytes,
  mtimeNs,
  decidedMs,
  ledgerId,
  sha256,
}: CommittedFile): FoundFile => ({
  path,
  sizeBytes,
  mtimeNs,
  ingestDate: new Date(decidedMs).toISOString().slice(0, 10),
  custody: { ledgerId, sha256 },
});
