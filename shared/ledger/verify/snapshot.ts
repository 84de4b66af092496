import { type BytePath, fromBytes } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import { IdSet } from './id-set.ts';

export type CommittedManifest = { path: BytePath; committedBytes: number; committedLines: number };

/** The rows of one table that a check answers for. */
export type Extent = {
  /** The highest row there was. */
  lastId: number;
  /** Rows that were in flight: whatever becomes of them is not looked at. */
  inFlight: IdSet;
  /** From here on rows may have come or changed since; those before are settled for good. */
  firstOpenId: number;
};

/**
 * What was committed at one moment. A committed row never changes and committed bytes of a manifest never do, so that they can be
 * compared later, row by row, while workers go on: no read transaction stays open, under which the log of the state file would grow.
 */
export type Snapshot = { ledger: Extent; duplicates: Extent; manifests: CommittedManifest[] };

type ManifestRow = { path: Buffer; committed_bytes: number; committed_lines: number };

export function takeSnapshot(state: State): Snapshot {
  return state.transaction(() => ({
    ledger: extentOf(state, 'ledger'),
    duplicates: extentOf(state, 'duplicates'),
    manifests: state
      .prepare<[], ManifestRow>('SELECT path, committed_bytes, committed_lines FROM manifests ORDER BY path')
      .all()
      .map((row) => ({
        path: fromBytes(row.path),
        committedBytes: row.committed_bytes,
        committedLines: row.committed_lines,
      })),
  }))();
}

function extentOf(state: State, table: 'ledger' | 'duplicates'): Extent {
  const last = state.prepare<[], { id: number | null }>(`SELECT max(id) AS id FROM ${table}`).get();
  const inFlight = new IdSet();
  const lastId = last?.id ?? 0;
  let firstOpenId = lastId + 1;
  for (const { id } of state
    .prepare<[], { id: number }>(`SELECT id FROM ${table} WHERE state = 'in_flight'`)
    .iterate()) {
    inFlight.add(id);
    firstOpenId = Math.min(firstOpenId, id);
  }
  return { lastId, inFlight, firstOpenId };
}
