import { fromText } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import { checkContents } from './check-contents.ts';
import type { Report } from './finding.ts';

/** SQLite checks its own tables and indexes, one row after the other; then what tells content that is known from what is new. */
export function checkState(state: State, report: Report): void {
  report.progress({ step: 'state file', done: 0, total: undefined });
  const path = fromText(state.name);
  const results = state.prepare<[], { integrity_check: string }>('PRAGMA integrity_check(20)').all();
  for (const { integrity_check: detail } of results) {
    if (detail !== 'ok') report.finding({ problem: 'damaged-state', path, detail });
  }
  checkContents(state, report);
}
