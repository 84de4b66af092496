import { fromText } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import type { Report } from './finding.ts';

/** The constraints are what makes content unique: SQLite checks its own tables and indexes, one row after the other. */
export function checkState(state: State, report: Report): void {
  report.progress({ step: 'state file', done: 0, total: undefined });
  const path = fromText(state.name);
  const results = state.prepare<[], { integrity_check: string }>('PRAGMA integrity_check(20)').all();
  for (const { integrity_check: detail } of results) {
    if (detail !== 'ok') report.finding({ problem: 'damaged-state', path, detail });
  }
}
