import { type Clock, systemClock } from '../../clock.ts';
import type { Column } from '../contract.ts';
import { type Duck, openDuckDB } from '../engine/instance.ts';
import { type LoadCrashPoints, noLoadCrashPoints } from '../load-crash-points.ts';
import { targetErrorOf } from './duckdb-errors.ts';
import { type Access, attachFile, type DuckDBFile } from './duckdb-file.ts';
import { filesWithout } from './duckdb-files-without.ts';
import { placeOf, rowsOf } from './duckdb-query.ts';
import { DuckDBRecords } from './duckdb-records.ts';
import { findTable, isLineage, prepareTable, tableGone } from './duckdb-table.ts';
import { writeRows } from './duckdb-write.ts';
import type { Load, LoadResult, TableCensus, Target } from './target.ts';

export type DuckDBTargetOptions = {
  path: string;
  /** A directory for what does not fit into memory. */
  scratch: string;
  threads: number;
  memoryMiB: number;
  /** Default `load`. */
  access?: Access;
  clock?: Clock;
  crash?: LoadCrashPoints;
};

/**
 * A DuckDB file. It is held from here to `close`: nobody else opens it meanwhile, but for reading where it is opened for reading alone.
 * Opened for loading it is made where it is not there.
 *
 * @throws TargetError `load.busy` where another has it open
 */
export async function openDuckDBTarget(options: DuckDBTargetOptions): Promise<Target> {
  const { path, scratch, threads, memoryMiB, access = 'load' } = options;
  const duck = await openDuckDB({ path: ':memory:', scratch, threads, memoryMiB });
  return new DuckDBTarget(duck, await attachFile(duck, path, access), options);
}

class DuckDBTarget implements Target {
  readonly #duck: Duck;
  /** Undefined where it is not there and only to be read. */
  readonly #file: DuckDBFile | undefined;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #crash: LoadCrashPoints;

  constructor(
    duck: Duck,
    file: DuckDBFile | undefined,
    { path, clock = systemClock, crash = noLoadCrashPoints }: DuckDBTargetOptions,
  ) {
    this.#duck = duck;
    this.#file = file;
    this.#path = path;
    this.#clock = clock;
    this.#crash = crash;
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
        throw error;
      }
    });
  }

  async #inTransaction({ database }: DuckDBFile, load: Load): Promise<LoadResult> {
    const { connection } = this.#duck;
    const { table, files } = load;
    const records = new DuckDBRecords(connection, database);
    const found = await findTable(connection, database, table);
    if (found === undefined && (await records.hasAny(table))) throw tableGone(table);
    const present = await records.present(table, files);
    const rest = filesWithout(files, present);
    if (rest.length === 0) return { loaded: [], present };
    await records.make();
    const name = await prepareTable(connection, database, { ...load, files: rest }, found);
    const { files: loaded, rejects } = await writeRows(connection, placeOf(database, name), {
      ...load,
      files: rest,
    });
    const nowMs = this.#clock.nowMs();
    await records.add(name, rest, loaded, nowMs);
    await records.addRejects({ table: name, files: rest, rejects, nowMs });
    this.#crash.reach('load.in-transaction');
    return { loaded, present };
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
