import { type DuckDBConnection, listValue } from '@duckdb/node-api';
import type { FileLoad, FileToLoad } from '../contract.ts';
import { placeOf, rowsOf } from './duckdb-query.ts';
import {
  append,
  appendRejects,
  fileOf,
  REJECT_COLUMNS,
  type RejectedRows,
  timestampOf,
} from './duckdb-rejects.ts';
import { type FileRecord, LOADS_TABLE, type LoadRecord, REJECTS_TABLE } from './target.ts';

/**
 * Our two tables in a DuckDB file: which contents are in which table, and the rows that are in none. Names of tables are the same in any
 * case, as in DuckDB. All that writes is to be called inside the transaction of the load.
 */
export class DuckDBRecords {
  readonly #connection: DuckDBConnection;
  readonly #database: string;

  constructor(connection: DuckDBConnection, database: string) {
    this.#connection = connection;
    this.#database = database;
  }

  /** Makes both tables where they are not. */
  async make(): Promise<void> {
    await this.#connection.run(`
      CREATE TABLE IF NOT EXISTS ${placeOf(this.#database, LOADS_TABLE)} (
        table_name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, file_id BIGINT NOT NULL, file_name VARCHAR NOT NULL, task_id BIGINT NOT NULL,
        "rows" BIGINT NOT NULL, rejects BIGINT NOT NULL, loaded_at TIMESTAMP NOT NULL, PRIMARY KEY (table_name, sha256))`);
    await this.#connection.run(
      `CREATE TABLE IF NOT EXISTS ${placeOf(this.#database, REJECTS_TABLE)} (${REJECT_COLUMNS})`,
    );
  }

  /** What is on record of these files. */
  async present(table: string, files: readonly FileToLoad[]): Promise<FileLoad[]> {
    const found = await this.find(
      table,
      files.map(({ csv }) => csv.audit.sha256),
    );
    return files.flatMap(({ fileId, csv }) => {
      const record = found.get(csv.audit.sha256);
      return record === undefined ? [] : [{ fileId, ...record }];
    });
  }

  /** What is on record of these contents; nothing where the tables are not. */
  async find(table: string, sha256s: readonly string[]): Promise<Map<string, FileRecord>> {
    if (sha256s.length === 0 || !(await this.#isThere())) return new Map();
    const found = await rowsOf(
      this.#connection,
      `SELECT sha256, "rows", rejects FROM ${placeOf(this.#database, LOADS_TABLE)}
       WHERE lower(table_name) = lower($1) AND sha256 IN (SELECT unnest($2))`,
      [table, listValue([...sha256s])],
    );
    return new Map(
      found.map(([sha256, rows, rejects]) => [
        String(sha256),
        { rows: Number(rows), rejects: Number(rejects) },
      ]),
    );
  }

  /** Whether any file was loaded into the table. */
  async hasAny(table: string): Promise<boolean> {
    if (!(await this.#isThere())) return false;
    const sql = `SELECT 1 FROM ${placeOf(this.#database, LOADS_TABLE)} WHERE lower(table_name) = lower($1) LIMIT 1`;
    return (await rowsOf(this.#connection, sql, [table])).length > 0;
  }

  async add(
    table: string,
    files: readonly FileToLoad[],
    loaded: readonly FileLoad[],
    nowMs: number,
  ): Promise<void> {
    const at = timestampOf(nowMs);
    const byId = new Map(files.map((file) => [file.fileId, file]));
    await append(this.#connection, { database: this.#database, table: LOADS_TABLE }, (appender) => {
      for (const { fileId, rows, rejects } of loaded) {
        const { csv, name, taskId } = fileOf(byId, fileId);
        appender.appendVarchar(table);
        appender.appendVarchar(csv.audit.sha256);
        appender.appendBigInt(BigInt(fileId));
        appender.appendVarchar(name);
        for (const number of [taskId, rows, rejects]) appender.appendBigInt(BigInt(number));
        appender.appendTimestamp(at);
        appender.endRow();
      }
    });
  }

  async addRejects(rejected: RejectedRows): Promise<void> {
    if (rejected.rejects.length === 0) return;
    await appendRejects(this.#connection, { database: this.#database, table: REJECTS_TABLE }, rejected);
  }

  /** All of a table, a page at a time. */
  async *all(table: string): AsyncIterable<LoadRecord> {
    if (!(await this.#isThere())) return;
    const sql = `SELECT sha256, file_name, "rows", rejects FROM ${placeOf(this.#database, LOADS_TABLE)}
       WHERE lower(table_name) = lower($1) AND sha256 > $2 ORDER BY sha256 LIMIT ${PAGE}`;
    for (let last = ''; ; ) {
      const page = await rowsOf(this.#connection, sql, [table, last]);
      for (const [sha256, fileName, rows, rejects] of page) {
        last = String(sha256);
        yield { sha256: last, fileName: String(fileName), rows: Number(rows), rejects: Number(rejects) };
      }
      if (page.length < PAGE) return;
    }
  }

  async #isThere(): Promise<boolean> {
    const sql = 'SELECT 1 FROM duckdb_tables() WHERE database_name = $1 AND table_name = $2';
    return (await rowsOf(this.#connection, sql, [this.#database, LOADS_TABLE])).length > 0;
  }
}

const PAGE = 10_000;
