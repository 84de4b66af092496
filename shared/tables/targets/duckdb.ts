import { type Clock, systemClock } from '../../clock.ts';
import type { Column } from '../contract.ts';
import { type Duck, openDuckDB } from '../engine/instance.ts';
import type { FileFaultError } from '../errors.ts';
import { type LoadCrashPoints, noLoadCrashPoints } from '../load-crash-points.ts';
import { isOfARow, targetErrorOf } from './duckdb-errors.ts';
import { type Access, attachFile, type DuckDBFile } from './duckdb-file.ts';
import { filesWithout } from './duckdb-files-without.ts';
import { placeOf, rowsOf } from './duckdb-query.ts';
import { DuckDBRecords } from './duckdb-records.ts';
import { findTable, isLineage, prepareTable, tableGone } from './duckdb-table.ts';
import { findFault, keepOrder, writeRows } from './duckdb-write.ts';
import type { FileRecord, Load, LoadResult, TableCensus, Target } from './target.ts';

export type DuckDBTargetOptions = {
  path: string;
  /** A directory for what does not fit into memory. */
  scratch: string;
  threads: number;
  memoryMiB: number;
  /** Default `load`. */
  access?: Access;
  /** Default false. True once files were loaded into it: then it is not made anew where it is not there. */
  expectsFile?: boolean;
  clock?: Clock;
  crash?: LoadCrashPoints;
};

/**
 * A DuckDB file. It is held from here to `close`: nobody else opens it meanwhile, but for reading where it is opened for reading alone.
 * Opened for loading it is made where it is not there, but where `expectsFile` says that it was.
 *
 * @throws TargetError `load.target-busy` where another has it open; `load.unmarked` where it is expected and is not there
 */
export async function openDuckDBTarget(options: DuckDBTargetOptions): Promise<Target> {
  const { path, scratch, threads, memoryMiB, access = 'load', expectsFile = false } = options;
  const duck = await openDuckDB({ path: ':memory:', scratch, threads, memoryMiB });
  return new DuckDBTarget(duck, await attachFile(duck, path, { access, expectsFile }), options);
}

/** What DuckDB's reader gives to one thread at a time. */
const THREAD_BYTES = 8 * 1024 * 1024;
/** Of a file that is packed only its records tell how large it is. */
const THREAD_RECORDS = 120_000;

class DuckDBTarget implements Target {
  readonly #duck: Duck;
  /** Undefined where it is not there and only to be read. */
  readonly #file: DuckDBFile | undefined;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #crash: LoadCrashPoints;
  readonly #mostThreads: number;
  #threads: number;

  constructor(
    duck: Duck,
    file: DuckDBFile | undefined,
    { path, threads, clock = systemClock, crash = noLoadCrashPoints }: DuckDBTargetOptions,
  ) {
    this.#duck = duck;
    this.#file = file;
    this.#path = path;
    this.#clock = clock;
    this.#crash = crash;
    this.#mostThreads = threads;
    this.#threads = threads;
  }

  async describe(table: string): Promise<Column[] | undefined> {
    const file = this.#file;
    if (file === undefined) return undefined;
    return this.#explained(async () => {
      const found = await findTable(this.#duck.connection, file.database, table);
      return found?.columns.filter((column) => !isLineage(column));
    });
  }

  async load(load: Load): Promise<LoadResult> {
    const file = this.#file;
    if (file === undefined) throw new Error('the file is open for reading alone');
    load.signal.throwIfAborted();
    return this.#explained(async () => {
      const { connection } = this.#duck;
      await this.#useThreads(load);
      // Whatever the transaction before it ended in.
      await keepOrder(connection, true);
      await connection.run('BEGIN TRANSACTION');
      try {
        const result = await this.#inTransaction(file, load);
        load.signal.throwIfAborted();
        load.assertHeld();
        this.#crash.reach('load.before-commit');
        await connection.run('COMMIT');
        file.syncNames();
        this.#crash.reach('load.committed');
        return result;
      } catch (error) {
        await this.#rollBack();
        throw isOfARow(error) ? ((await this.#blame(file, load)) ?? error) : error;
      }
    });
  }

  /** A thread that finds nothing to do looks for it without a pause, and so takes as much time as the one that works. */
  async #useThreads({ files }: Load): Promise<void> {
    const bytes = files.reduce((sum, { csv }) => sum + csv.sizeBytes, 0);
    const records = files.reduce((sum, { csv }) => sum + csv.audit.records, 0);
    const busy = Math.ceil(Math.max(bytes / THREAD_BYTES, records / THREAD_RECORDS));
    const threads = Math.min(this.#mostThreads, Math.max(1, busy));
    if (threads === this.#threads) return;
    await this.#duck.connection.run(`SET threads = ${threads}`);
    this.#threads = threads;
  }

  async #inTransaction({ database }: DuckDBFile, load: Load): Promise<LoadResult> {
    const { connection } = this.#duck;
    const { records, found, present, rest } = await this.#begin(database, load);
    if (rest.files.length === 0) return { loaded: [], present };
    await records.make();
    const name = await prepareTable(connection, database, rest, found);
    const { files: loaded, rejects } = await writeRows(connection, placeOf(database, name), rest);
    const nowMs = this.#clock.nowMs();
    await records.add(name, rest.files, loaded, nowMs);
    await records.addRejects({ table: name, files: rest.files, rejects, nowMs });
    this.#crash.reach('load.in-transaction');
    return { loaded, present };
  }

  /** Which file has the row that the table refused; nothing of this lasts. */
  async #blame({ database }: DuckDBFile, load: Load): Promise<FileFaultError | undefined> {
    const { connection } = this.#duck;
    await keepOrder(connection, true);
    await connection.run('BEGIN TRANSACTION');
    try {
      const { found, rest } = await this.#begin(database, load);
      const name = await prepareTable(connection, database, rest, found);
      return await findFault(connection, placeOf(database, name), rest);
    } finally {
      await this.#rollBack();
    }
  }

  /** What is there, and what of the load is still to be written. */
  async #begin(database: string, load: Load) {
    const { table, files } = load;
    const { records, found } = await this.#look(database, table);
    const present = await records.present(table, files);
    const rest: Load = { ...load, files: filesWithout(files, present) };
    return { records, found, present, rest };
  }

  async #look(database: string, table: string) {
    const { connection } = this.#duck;
    const records = new DuckDBRecords(connection, database);
    const found = await findTable(connection, database, table);
    if (found === undefined && (await records.hasAny(table))) throw tableGone(table);
    return { records, found };
  }

  async find(table: string, sha256s: readonly string[]): Promise<ReadonlyMap<string, FileRecord>> {
    const file = this.#file;
    if (file === undefined) return new Map();
    return this.#explained(async () => {
      const { records } = await this.#look(file.database, table);
      return records.find(table, sha256s);
    });
  }

  async census(table: string): Promise<TableCensus | undefined> {
    const file = this.#file;
    if (file === undefined) return undefined;
    return this.#explained(async () => {
      const { connection } = this.#duck;
      const found = await findTable(connection, file.database, table);
      if (found === undefined) return undefined;
      const [row] = await rowsOf(connection, `SELECT count(*) FROM ${placeOf(file.database, found.name)}`);
      return { rows: Number(row?.[0]), records: new DuckDBRecords(connection, file.database).all(table) };
    });
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#duck.close();
  }

  /** A failed commit has rolled it back already. */
  async #rollBack(): Promise<void> {
    try {
      await this.#duck.connection.run('ROLLBACK');
    } catch (error) {
      if (targetErrorOf(error, this.#path) === error) throw error;
    }
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw targetErrorOf(error, this.#path);
    }
  }
}
