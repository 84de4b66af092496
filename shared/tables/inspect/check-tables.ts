import type { LoadTarget } from '../../config/settings.ts';
import { targetName } from '../../config/table-texts.ts';
import { fromText } from '../../fs/byte-path.ts';
import type { Report } from '../../ledger/verify/finding.ts';
import type { State } from '../../state/open.ts';
import { TargetError } from '../errors.ts';
import type { Target } from '../targets/target.ts';
import { ExpectedLoads } from './expected-loads.ts';
import { allFiles, type LoadedFile } from './loaded-files.ts';
import { type LoadedTable, loadedTables } from './loaded-tables.ts';

export type CheckTablesOptions = {
  state: State;
  report: Report;
  /** Throws TargetError. */
  openTarget(target: LoadTarget): Promise<Target>;
  signal: AbortSignal;
};

/** How many tables were looked at, and how many loads of files in them were compared. */
export type CheckedTables = { tables: number; loads: number };

/**
 * Compares what the state file says is loaded with the records in each table's target, and these with its rows, and reports each
 * disagreement once. Changes nothing; memory does not grow with the number of files. A target that is away or busy is a note.
 *
 * Workers may go on: what is in the target and not settled yet is in flight, and no disagreement.
 */
export async function checkTables(options: CheckTablesOptions): Promise<CheckedTables> {
  const { state, report } = options;
  const tables = loadedTables(state);
  const checked: CheckedTables = { tables: 0, loads: 0 };
  if (tables.length === 0) return checked;
  const expected = new ExpectedLoads();
  try {
    expect(state, tables, expected, report);
    for (const [index, table] of tables.entries()) {
      options.signal.throwIfAborted();
      const check = new TableCheck(index, table, expected, options);
      const loads = await check.run();
      if (loads === undefined) continue;
      checked.tables += 1;
      checked.loads += loads;
    }
    return checked;
  } finally {
    expected[Symbol.dispose]();
  }
}

/** Reads the state before the targets: what it says is loaded is there. */
function expect(state: State, tables: readonly LoadedTable[], expected: ExpectedLoads, report: Report): void {
  const tableOf = indexBySink(tables);
  for (const file of allFiles(state)) {
    const table = tableOf.get(file.sinkId);
    if (table === undefined || (file.state !== 'loaded' && file.state !== 'present')) continue;
    const { fileId, sha256, path, rows = 0, rejects = 0 } = file;
    if (sha256 === undefined) {
      report.finding({
        problem: 'missing-load',
        path,
        id: fileId,
        detail: 'it is loaded, and its SHA-256 is not known',
      });
      continue;
    }
    const other = expected.add(table, { fileId, sha256, rows, rejects }, file.state === 'loaded');
    if (other === undefined) continue;
    const detail = `file ${other} is said to have brought the same content into the table`;
    report.finding({ problem: 'repeated-load', path, id: fileId, detail });
  }
}

const indexBySink = (tables: readonly LoadedTable[]): Map<number, number> =>
  new Map(tables.flatMap(({ sinkIds }, index) => sinkIds.map((id) => [id, index] as const)));

/** One table and its target. */
class TableCheck {
  readonly #index: number;
  readonly #table: LoadedTable;
  readonly #expected: ExpectedLoads;
  readonly #options: CheckTablesOptions;
  readonly #place: string;

  constructor(index: number, table: LoadedTable, expected: ExpectedLoads, options: CheckTablesOptions) {
    this.#index = index;
    this.#table = table;
    this.#expected = expected;
    this.#options = options;
    this.#place = `${targetName(table.target)} ${table.table}`;
  }

  /** @returns how many records were compared; undefined where there was no table to ask */
  async run(): Promise<number | undefined> {
    const { target: place } = this.#table;
    let target: Target | undefined;
    try {
      target = await this.#options.openTarget(place);
      return await this.#compare(target);
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      // A server may refuse whoever asks; a file that cannot be read has lost what is in it.
      if (error.trouble === 'refused' && place.is !== 'postgres')
        this.#find('unreadable-table', error.message);
      else this.#note('unasked-table', `its loads were not compared: ${error.message}`);
      return undefined;
    } finally {
      await target?.close();
    }
  }

  async #compare(target: Target): Promise<number | undefined> {
    const { table } = this.#table;
    const census = await target.census(table);
    if (census === undefined) {
      if (this.#expected.hasAny(this.#index))
        this.#find('missing-table', 'files were loaded into it, and it is not there');
      return undefined;
    }
    let loads = 0;
    let loadedRows = 0;
    for await (const record of census.records) {
      loads += 1;
      loadedRows += record.rows;
      const known = this.#expected.see(this.#index, record);
      if (loads % PROGRESS_STEPS === 0)
        this.#options.report.progress({ step: 'tables', done: loads, total: undefined });
      if (typeof known === 'string') continue;
      const { rows, rejects } = record;
      const detail = `${rows} rows and ${rejects} rejects on record, should be ${known.rows} and ${known.rejects}: ${record.fileName}`;
      this.#find('different-load', detail, known.fileId);
    }
    for (const { fileId, sha256, rows } of this.#expected.unseen(this.#index))
      this.#find(
        'missing-load',
        `${rows} rows of ${sha256} are loaded, and the target has no record of it`,
        fileId,
      );
    this.#checkUnknown();
    await this.#checkRows(target, census.rows, loadedRows);
    return loads;
  }

  /** A record that the state file did not know when this began may have been settled since, or be in hand. */
  #checkUnknown(): void {
    if (!this.#expected.hasUnknown(this.#index)) return;
    const { state } = this.#options;
    const sinks = new Set(this.#table.sinkIds);
    const isOurs = ({ sinkId }: LoadedFile) => sinks.has(sinkId);
    let isInHand = false;
    for (const file of allFiles(state)) {
      if (!isOurs(file)) continue;
      if (file.state === 'loaded' || file.state === 'present') {
        if (file.sha256 !== undefined) this.#expected.forgive(this.#index, file.sha256);
      } else if (file.state === 'waiting' && file.scannerStatus === 'SENT_FOR_ETL') isInHand = true;
    }
    // Whose content it is, is known only once it is settled.
    if (isInHand) return;
    for (const { sha256, fileName, rows } of this.#expected.unknown(this.#index))
      this.#find(
        'unknown-load',
        `${rows} rows of ${fileName} (${sha256}) are on record, of no file that is loaded`,
      );
  }

  /** A target that counts and records at two moments may just have been loaded into: it is asked again. */
  async #checkRows(target: Target, rows: number, loadedRows: number): Promise<void> {
    if (rows > loadedRows) {
      this.#note('more-rows', `${rows - loadedRows} rows more than were loaded: somebody has added them`);
      return;
    }
    if (rows === loadedRows) return;
    const found = (await target.census(this.#table.table))?.rows ?? 0;
    // Of what was on record before, it has all by now.
    if (found < loadedRows)
      this.#find('missing-rows', `${found} rows, ${loadedRows - found} fewer than were loaded`);
  }

  #find(
    problem:
      | 'unreadable-table'
      | 'missing-table'
      | 'missing-load'
      | 'different-load'
      | 'unknown-load'
      | 'missing-rows',
    detail: string,
    id?: number,
  ): void {
    const path = fromText(this.#place);
    this.#options.report.finding({ problem, path, detail, ...(id === undefined ? {} : { id }) });
  }

  #note(note: 'unasked-table' | 'more-rows', detail: string): void {
    this.#options.report.note({ note, path: fromText(this.#place), detail });
  }
}

const PROGRESS_STEPS = 1000;
