import type { BytePath } from '../../fs/byte-path.ts';
import { fromBytes, toBytes } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import { headOf } from '../contents/head.ts';

/** A row of the ledger as a person asks about it. */
export type TracedRow = {
  id: number;
  state: 'in_flight' | 'committed';
  sha256: Buffer;
  route: string;
  sizeBytes: number;
  source: BytePath;
  destination: BytePath;
  /** When it was hashed and decided: the instant of its partition. */
  decidedMs: number;
  committedMs: number | undefined;
};

/** Content that came again. */
export type TracedDuplicate = {
  id: number;
  ledgerId: number;
  state: 'in_flight' | 'settled';
  action: 'move' | 'delete' | 'leave';
  route: string;
  sizeBytes: number;
  source: BytePath;
  destination: BytePath | undefined;
  decidedMs: number;
  settledMs: number | undefined;
};

type LedgerRow = {
  id: number;
  state: TracedRow['state'];
  sha256: Buffer;
  route: string;
  size_bytes: number;
  source: Buffer;
  destination: Buffer;
  decided_ms: number;
  committed_ms: number | null;
};

type DuplicateRow = {
  id: number;
  ledger_id: number;
  state: TracedDuplicate['state'];
  action: TracedDuplicate['action'];
  route: string;
  size_bytes: number;
  source: Buffer;
  destination: Buffer | null;
  decided_ms: number;
  settled_ms: number | null;
};

const ROUTE = '(SELECT name FROM routes WHERE routes.id = route_id) AS route';
const LEDGER = `SELECT id, state, sha256, ${ROUTE}, size_bytes, source, destination, decided_ms, committed_ms FROM ledger`;
const DUPLICATES = `
  SELECT id, ledger_id, state, action, ${ROUTE}, size_bytes, source, destination, decided_ms, settled_ms FROM duplicates`;

/** Looks rows up by what a person may know of a file. */
export class RowFinder {
  readonly #byContent;
  readonly #byId;
  readonly #byPath;
  readonly #duplicatesOf;
  readonly #duplicatesByPath;

  constructor(state: State) {
    // As `contents` has them, then what is not folded yet, then what is in no scope.
    this.#byContent = state.prepare<unknown[], LedgerRow>(`
      ${LEDGER} WHERE sha256 BETWEEN @lowest AND @highest AND id IN (
        SELECT ledger_id FROM contents WHERE head BETWEEN @lowestHead AND @highestHead
        UNION SELECT id FROM ledger WHERE id > (SELECT ledger_id FROM contents_folded) AND sha256 BETWEEN @lowest AND @highest
        UNION SELECT id FROM ledger WHERE dedupe_scope IS NULL AND sha256 BETWEEN @lowest AND @highest)
      ORDER BY id`);
    this.#byId = state.prepare<[number], LedgerRow>(`${LEDGER} WHERE id = ?`);
    this.#byPath = state.prepare<unknown[], LedgerRow>(
      `${LEDGER} WHERE source = @path OR destination = @path ORDER BY id`,
    );
    this.#duplicatesOf = state.prepare<[number], DuplicateRow>(
      `${DUPLICATES} WHERE ledger_id = ? ORDER BY id`,
    );
    this.#duplicatesByPath = state.prepare<unknown[], DuplicateRow>(
      `${DUPLICATES} WHERE source = @path OR destination = @path ORDER BY id`,
    );
  }

  /** Rows whose SHA-256 begins with these hex digits. Uses the index. */
  byContent(prefix: string): TracedRow[] {
    const lowest = Buffer.from(prefix.padEnd(64, '0'), 'hex');
    const highest = Buffer.from(prefix.padEnd(64, 'f'), 'hex');
    const heads = { lowestHead: headOf(lowest), highestHead: headOf(highest) };
    return this.#byContent.all({ lowest, highest, ...heads }).map(rowOf);
  }

  byId(id: number): TracedRow | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : rowOf(row);
  }

  /** Rows that name a path, as source or as destination. Reads the whole ledger: paths have no index. */
  byPath(path: BytePath): TracedRow[] {
    return this.#byPath.all({ path: toBytes(path) }).map(rowOf);
  }

  duplicatesOf(ledgerId: number): TracedDuplicate[] {
    return this.#duplicatesOf.all(ledgerId).map(duplicateOf);
  }

  /** As `byPath`, among the duplicates. */
  duplicatesByPath(path: BytePath): TracedDuplicate[] {
    return this.#duplicatesByPath.all({ path: toBytes(path) }).map(duplicateOf);
  }
}

const rowOf = (row: LedgerRow): TracedRow => ({
  id: row.id,
  state: row.state,
  sha256: row.sha256,
  route: row.route,
  sizeBytes: row.size_bytes,
  source: fromBytes(row.source),
  destination: fromBytes(row.destination),
  decidedMs: row.decided_ms,
  committedMs: row.committed_ms ?? undefined,
});

const duplicateOf = (row: DuplicateRow): TracedDuplicate => ({
  id: row.id,
  ledgerId: row.ledger_id,
  state: row.state,
  action: row.action,
  route: row.route,
  sizeBytes: row.size_bytes,
  source: fromBytes(row.source),
  destination: row.destination === null ? undefined : fromBytes(row.destination),
  decidedMs: row.decided_ms,
  settledMs: row.settled_ms ?? undefined,
});
