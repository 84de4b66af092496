import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { Contents } from '../shared/ledger/contents/contents.ts';
import { WHOLE_STATE } from '../shared/ledger/ledger.ts';
import { openState } from '../shared/state/open.ts';

/** How many files the state file says were committed in all; 0 where there is none yet. */
export function committedFiles(statePath: string): number {
  if (!existsSync(statePath)) return 0;
  const state = openState(statePath, { readonly: true });
  try {
    return Number(state.prepare('SELECT committed_files FROM totals').pluck().get());
  } finally {
    state.close();
  }
}

const ROWS_A_TRANSACTION = 50_000;

/**
 * Fills the ledger with committed rows up to `total`, as if so many files had been taken. The state file must have had a run, which
 * gave it a route.
 */
export function fillLedger(statePath: string, total: number): void {
  const state = openState(statePath);
  try {
    const route = state.prepare('SELECT min(id) FROM routes').pluck().get();
    const insert = state.prepare(`
      INSERT INTO ledger (state, dedupe_scope, sha256, route_id, job_id, device, inode, size_bytes, mtime_ns, ctime_ns, source,
                          destination, decided_ms, committed_ms)
      VALUES ('committed', ?, ?, ?, 0, 1, ?, 2048, 0, 0, ?, ?, 0, 0)`);
    const present = Number(state.prepare('SELECT count(*) FROM ledger').pluck().get());
    for (let done = present; done < total; ) {
      const until = Math.min(total, done + ROWS_A_TRANSACTION);
      state.exec('BEGIN IMMEDIATE');
      for (; done < until; done++) {
        const sha256 = createHash('sha256').update(`filler ${done}`).digest();
        const name = Buffer.from(`/filler/ingest_date=2020-01-01/file-${done}.csv`);
        insert.run(WHOLE_STATE, sha256, route, done, name, name);
      }
      new Contents(state).fold();
      state.exec('COMMIT');
    }
    state.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    state.close();
  }
}
