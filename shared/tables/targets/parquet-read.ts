import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column } from '../contract.ts';
import { text } from '../engine/sql.ts';
import { rowsOf } from './duckdb-query.ts';
import { isLineage } from './duckdb-table.ts';
import { patternOf } from './parquet-layout.ts';

/** The columns of all files of a table, without the one that their directories stand for; undefined where there is no file. */
export async function describeFiles(
  connection: DuckDBConnection,
  directory: string,
  table: string,
): Promise<Column[] | undefined> {
  const pattern = text(patternOf(directory, table));
  if (!(await hasFiles(connection, pattern))) return undefined;
  const rows = await rowsOf(
    connection,
    `DESCRIBE FROM read_parquet(${pattern}, hive_partitioning = false, union_by_name = true)`,
  );
  return rows
    .map(([name, type]) => ({ name: String(name), type: String(type) }))
    .filter((column) => !isLineage(column));
}

/** The rows of all files of a table, as the end of each file says; undefined where there is no file. */
export async function countRows(
  connection: DuckDBConnection,
  directory: string,
  table: string,
): Promise<number | undefined> {
  const pattern = text(patternOf(directory, table));
  if (!(await hasFiles(connection, pattern))) return undefined;
  const [row] = await rowsOf(
    connection,
    `SELECT coalesce(sum(num_rows), 0)::BIGINT FROM parquet_file_metadata(${pattern})`,
  );
  return Number(row?.[0]);
}

const hasFiles = async (connection: DuckDBConnection, pattern: string): Promise<boolean> =>
  (await rowsOf(connection, `SELECT 1 FROM glob(${pattern}) LIMIT 1`)).length > 0;
