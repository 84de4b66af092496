import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { askFile } from './duckdb-file.ts';
import type { Postgres } from './postgres.ts';
import { filesBelow } from './wharf.ts';

/** A target of tables, and how a test asks it without the program. */
export type TablePlace = {
  /** As a sink writes it. */
  target: string;
  /** What the program needs to get in. */
  env: NodeJS.ProcessEnv;
  /** What one statement gives, each cell as text. `table()` and `rejects()` are what it may read from. */
  ask(sql: string): Promise<(string | null)[][]>;
  /** A table, as SQL reads it; undefined where there is nothing of it. */
  table(name: string): string | undefined;
  /** Its rejects likewise. */
  rejects(name: string): string | undefined;
};

const asText = (rows: unknown[][]): (string | null)[][] =>
  rows.map((row) => row.map((cell) => (cell === null ? null : String(cell))));

/** A DuckDB file in `directory`. */
export function duckdbPlace(directory: string): TablePlace {
  const path = join(directory, 'tables.duckdb');
  const of = (table: string) => (existsSync(path) ? table : undefined);
  return {
    target: `duckdb:${path}`,
    env: {},
    ask: async (sql) => asText(await askFile(path, sql)),
    table: (name) => of(`"${name}"`),
    rejects: () => of('wharfinger_rejects'),
  };
}

/** Parquet files in `directory`, read as anybody would. */
export function parquetPlace(directory: string): TablePlace {
  const path = join(directory, 'tables');
  const of = (table: string) =>
    filesBelow(join(path, table)).some((name) => name.endsWith('.parquet'))
      ? `read_parquet('${path}/${table}/*/*.parquet', hive_partitioning = true, union_by_name = true)`
      : undefined;
  return {
    target: `parquet:${path}`,
    env: {},
    ask: async (sql) => asText(await askFile(':memory:', sql)),
    table: of,
    rejects: (name) => of(`${name}_rejects`),
  };
}

/** A new database of the server of a test file. */
export async function postgresPlace(server: Postgres): Promise<TablePlace & { database: string }> {
  const { url, database } = await server.makeDatabase();
  return {
    target: url,
    database,
    env: server.env,
    ask: async (sql) => {
      const rows = await server.query(sql, [], database);
      return asText(rows.map((row) => Object.values(row)));
    },
    table: (name) => `"${name}"`,
    rejects: () => 'wharfinger_rejects',
  };
}
