import { lstatSync, readdirSync } from 'node:fs';
import { type BytePath, fromBytes, join, relativeTo, toBytes } from '../../fs/byte-path.ts';
import { walk } from '../../fs/walk.ts';
import type { State } from '../../state/open.ts';
import type { Report } from './finding.ts';
import type { KnownPaths } from './known-paths.ts';
import { unreadable } from './placed-file.ts';
import type { Relocation } from './relocation.ts';
import type { Extent, Snapshot } from './snapshot.ts';

const PARTITION = /^ingest_date=/;

/** Files between two reports of progress. */
const PROGRESS_FILES = 5000;

export type WarehouseCheck = {
  state: State;
  /** The warehouses and the directories of duplicates, where they are. */
  roots: readonly BytePath[];
  snapshot: Snapshot;
  at: Relocation;
  /** Holds what the rows of the snapshot name. */
  known: KnownPaths;
  report: Report;
};

/**
 * Looks for files in the partitions that no row names. Names that begin with a dot or an underscore are left to whoever made them
 * (`_SUCCESS` and its like). Files that were placed meanwhile are told from strays by their rows.
 *
 * @returns how many files there are
 */
export async function checkWarehouse(check: WarehouseCheck): Promise<number> {
  let files = 0;
  for (const root of check.roots) {
    for (const partition of partitionsOf(root, check.report)) {
      for await (const path of filesIn(partition, check.report)) {
        files += 1;
        if (!check.known.has(path)) check.known.addStray(path);
        if (files % PROGRESS_FILES === 0)
          check.report.progress({ step: 'warehouse', done: files, total: undefined });
      }
    }
  }
  reportStrays(check);
  return files;
}

function reportStrays({ state, snapshot, at, known, report }: WarehouseCheck): void {
  addOpenRows(state, 'ledger', snapshot.ledger, at, known);
  addOpenRows(state, 'duplicates', snapshot.duplicates, at, known);
  for (const path of known.strays()) {
    if (known.has(path)) continue;
    try {
      // One that was put back to its source meanwhile is gone, and so is its row.
      const found = lstatSync(toBytes(path), { throwIfNoEntry: false });
      if (found === undefined) continue;
      report.finding({ problem: 'stray-file', path, detail: `${found.size} bytes that no row names` });
    } catch (error) {
      report.finding(unreadable(error, path));
    }
  }
}

/** Where rows that came or changed since the snapshot place their files. */
function addOpenRows(
  state: State,
  table: 'ledger' | 'duplicates',
  { firstOpenId }: Extent,
  at: Relocation,
  known: KnownPaths,
): void {
  const rows = state.prepare<[number], { destination: Buffer }>(
    `SELECT destination FROM ${table} WHERE id >= ? AND destination IS NOT NULL`,
  );
  for (const { destination } of rows.iterate(firstOpenId)) known.add(at(fromBytes(destination)));
}

function partitionsOf(root: BytePath, report: Report): BytePath[] {
  try {
    const names = readdirSync(toBytes(root), { encoding: 'latin1' });
    return names.filter((name) => PARTITION.test(name)).map((name) => join(root, name));
  } catch (error) {
    const finding = unreadable(error, root);
    // A warehouse without duplicates has no directory for them; that of the files themselves is missed with each of them.
    if (lstatSync(toBytes(root), { throwIfNoEntry: false }) !== undefined) report.finding(finding);
    return [];
  }
}

async function* filesIn(partition: BytePath, report: Report): AsyncGenerator<BytePath> {
  const onError = (error: unknown, directory: BytePath) => report.finding(unreadable(error, directory));
  for await (const entries of walk(partition, { recursive: true, onError })) {
    for (const { path, kind } of entries) {
      if (kind !== 'directory' && !isSetAside(relativeTo(partition, path))) yield path;
    }
  }
}

const isSetAside = (relative: BytePath): boolean => /(^|\/)[._]/.test(relative);
