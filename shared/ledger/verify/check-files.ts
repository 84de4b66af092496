import { type BytePath, fromBytes, toText } from '../../fs/byte-path.ts';
import { manifestPathOf } from '../../manifest/record.ts';
import { Routes } from '../../queue/routes.ts';
import type { State } from '../../state/open.ts';
import type { Recorded } from './check-manifests.ts';
import type { Report } from './finding.ts';
import type { KnownPaths } from './known-paths.ts';
import { lookAt, type PlacedFile } from './placed-file.ts';
import type { Rehasher } from './rehash.ts';
import type { Relocation } from './relocation.ts';
import type { Extent } from './snapshot.ts';

export type FileChecks = {
  state: State;
  at: Relocation;
  known: KnownPaths;
  /** Absent where only existence and size are looked at. */
  rehasher: Rehasher | undefined;
  /** Of a row of the ledger: an archive's copy has taken the place of the one in the warehouse. */
  isReleased(id: number): boolean;
  report: Report;
};

export type CheckedFiles = { files: number; bytes: number };

/** What a row of either table says of the file it placed. */
type PlacedRow = { id: number; sha256: Buffer; size_bytes: number; destination: Buffer };
type LedgerRow = PlacedRow & { route_id: number; decided_ms: number };

/** Rows a read, each read a short transaction of its own. Few, so that they die young: more of them make the heap grow. */
const CHUNK = 250;

/** Compares the rows that were committed with the manifests' lines and with the warehouse. */
export async function checkLedger(
  extent: Extent,
  recorded: Recorded,
  checks: FileChecks,
): Promise<CheckedFiles> {
  const next = checks.state.prepare<[number], LedgerRow>(`
    SELECT id, sha256, route_id, size_bytes, destination, decided_ms FROM ledger WHERE id < ? ORDER BY id DESC LIMIT ${CHUNK}`);
  const manifestOf = manifestFinder(checks.state);
  const checkLine = (row: LedgerRow) => {
    const manifest = manifestOf(row);
    if (recorded.ids.has(row.id) || recorded.damaged.has(manifest)) return;
    const path = checks.at(fromBytes(row.destination));
    checks.report.finding({
      problem: 'missing-line',
      path,
      id: row.id,
      detail: `no record in ${toText(manifest)}`,
    });
  };
  const rows = downwards(extent, (before) => next.all(before));
  return await checkRows(rows, { step: 'files', missing: 'missing-file', extent, also: checkLine }, checks);
}

/** Compares the duplicates that were moved with where they were moved to. */
export async function checkDuplicates(extent: Extent, checks: FileChecks): Promise<CheckedFiles> {
  const next = checks.state.prepare<[number], PlacedRow>(`
    SELECT duplicates.id, ledger.sha256, duplicates.size_bytes, duplicates.destination
    FROM duplicates CROSS JOIN ledger ON ledger.id = ledger_id
    WHERE duplicates.id < ? AND action = 'move' ORDER BY duplicates.id DESC LIMIT ${CHUNK}`);
  const rows = downwards(extent, (before) => next.all(before));
  return await checkRows(rows, { step: 'duplicates', missing: 'missing-duplicate', extent }, checks);
}

/**
 * The rows of a snapshot, the newest first: where a consumer took a file away and another got its name, the file that is there
 * belongs to the newer row.
 */
function* downwards<Row extends PlacedRow>(
  { lastId }: Extent,
  before: (id: number) => Row[],
): Generator<Row[]> {
  for (
    let rows = before(lastId + 1), last = rows.at(-1);
    last !== undefined;
    rows = before(last.id), last = rows.at(-1)
  ) {
    yield rows;
  }
}

type RowChecks<Row> = {
  step: 'files' | 'duplicates';
  missing: PlacedFile['missing'];
  extent: Extent;
  also?: (row: Row) => void;
};

async function checkRows<Row extends PlacedRow>(
  chunks: Iterable<Row[]>,
  { step, missing, extent, also }: RowChecks<Row>,
  checks: FileChecks,
): Promise<CheckedFiles> {
  const checked = { files: 0, bytes: 0 };
  for (const rows of chunks) {
    for (const row of rows) {
      const path = checks.at(fromBytes(row.destination));
      const isNewest = checks.known.add(path);
      if (extent.inFlight.has(row.id)) continue;
      checked.files += 1;
      checked.bytes += row.size_bytes;
      also?.(row);
      await checkFile(
        { id: row.id, path, sizeBytes: row.size_bytes, sha256: row.sha256, missing },
        isNewest,
        checks,
      );
    }
    checks.report.progress({ step, done: checked.files, total: extent.lastId });
  }
  return checked;
}

async function checkFile(
  file: PlacedFile,
  isNewest: boolean,
  { report, rehasher, isReleased }: FileChecks,
): Promise<void> {
  const finding = isNewest
    ? lookAt(file)
    : { problem: file.missing, path: file.path, id: file.id, detail: 'a later file has got its name' };
  if (finding !== undefined) {
    if (file.missing !== 'missing-file' || !isReleased(file.id)) report.finding(finding);
  } else await rehasher?.add(file);
}

/** The manifest that a row's record is in, as long as its route has not got other directories. */
function manifestFinder(state: State): (row: LedgerRow) => BytePath {
  const roots = new Map(new Routes(state).all().map((route) => [route.id, route.manifests]));
  return (row) => manifestPathOf(roots.get(row.route_id) ?? ('' as BytePath), row.decided_ms);
}
