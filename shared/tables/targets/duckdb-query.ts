import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { ident } from '../engine/sql.ts';

/** The rows of a query, as JavaScript's own values. */
export async function rowsOf(
  connection: DuckDBConnection,
  sql: string,
  values: DuckDBValue[] = [],
): Promise<unknown[][]> {
  const reader = await connection.runAndReadAll(sql, values);
  return reader.getRowsJS();
}

/** A table of an attached file, as SQL takes it. */
export const placeOf = (database: string, table: string): string => `${ident(database)}.main.${ident(table)}`;
