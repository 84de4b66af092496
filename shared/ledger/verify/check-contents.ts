import { fromBytes, fromText } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import type { Report } from './finding.ts';

/** No more of one sort are told than SQLite's own check tells. */
const MOST = 20;

/** Rows up to here are found by `contents`. */
const FOLDED = '(SELECT ledger_id FROM contents_folded)';

const SAME = 'old.sha256 = new.sha256 AND old.dedupe_scope = new.dedupe_scope AND old.id < new.id';

/** Of two folded rows: their heads are neighbours in the index. */
const REPEATED_AMONG_FOLDED = `
  SELECT new.id, old.id AS first, new.destination FROM (SELECT head FROM contents GROUP BY head HAVING count(*) > 1) AS heads
  JOIN contents AS a ON a.head = heads.head JOIN contents AS b ON b.head = heads.head
  JOIN ledger AS old ON old.id = a.ledger_id JOIN ledger AS new ON new.id = b.ledger_id WHERE ${SAME}`;

/** Of a newer row and a folded one. */
const REPEATED_SINCE = `
  SELECT new.id, old.id AS first, new.destination FROM ledger AS new JOIN contents ON head = substr(new.sha256, 1, 6)
  JOIN ledger AS old ON old.id = ledger_id WHERE new.id > ${FOLDED} AND ${SAME}`;

/** Of two newer ones, of which there are not many. */
const REPEATED_AMONG_NEWER = `
  SELECT id, first, destination FROM (
    SELECT id, destination, dedupe_scope, first_value(id) OVER (PARTITION BY dedupe_scope, sha256 ORDER BY id) AS first
    FROM ledger WHERE id > ${FOLDED} AND dedupe_scope IS NOT NULL) WHERE first < id`;

const UNINDEXED = `
  SELECT id FROM ledger WHERE id <= ${FOLDED} AND dedupe_scope IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM contents WHERE head = substr(sha256, 1, 6) AND ledger_id = ledger.id)`;

type Repeated = { id: number; first: number; destination: Buffer };

/** Whether each content stands in the ledger once in its scope, and is found when it comes again. */
export function checkContents(state: State, report: Report): void {
  for (const repeated of [REPEATED_AMONG_FOLDED, REPEATED_SINCE, REPEATED_AMONG_NEWER]) {
    for (const { id, first, destination } of state
      .prepare<[], Repeated>(`${repeated} LIMIT ${MOST}`)
      .iterate()) {
      const detail = `its content is that of row ${first}`;
      report.finding({ problem: 'repeated-content', path: fromBytes(destination), id, detail });
    }
  }
  const path = fromText(state.name);
  for (const { id } of state.prepare<[], { id: number }>(`${UNINDEXED} LIMIT ${MOST}`).iterate()) {
    report.finding({
      problem: 'damaged-state',
      path,
      detail: `row ${id} of the ledger missing from contents`,
    });
  }
}
