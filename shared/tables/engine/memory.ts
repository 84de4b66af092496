import type { DuckDBConnection } from '@duckdb/node-api';

/** A chunk of 2,048 rows has vectors of up to 16 bytes a row in each step of a query; with 5,000 columns 1 GiB was too little, 1.5 enough. */
const KIB_A_COLUMN = 400;

/** Tables of fewer columns need no more than any other. */
const MANY_COLUMNS = 500;

/**
 * Lets DuckDB allocate what a file of so many columns needs, where it may not yet: its vectors are allocated for 2,048 rows, counted in
 * full, and mostly never touched. Stays so until the database is closed.
 */
export async function allowColumns(connection: DuckDBConnection, columns: number): Promise<void> {
  if (columns <= MANY_COLUMNS) return;
  const result = await connection.runAndReadAll("SELECT current_setting('memory_limit')");
  const neededMiB = Math.ceil((columns * KIB_A_COLUMN) / 1024);
  const allowedMiB = mebibytes(String(result.getRows()[0]?.[0]));
  if (allowedMiB < neededMiB) await connection.run(`SET memory_limit = '${neededMiB}MiB'`);
}

const MIB: Readonly<Record<string, number>> = { KiB: 1 / 1024, MiB: 1, GiB: 1024, TiB: 1024 * 1024 };

/** Of `488.2 MiB`; what is written otherwise is taken for enough. */
function mebibytes(limit: string): number {
  const [, value, unit = ''] = /^([\d.]+) (\w+)$/.exec(limit) ?? [];
  const factor = MIB[unit];
  return factor === undefined ? Number.POSITIVE_INFINITY : Number(value) * factor;
}
