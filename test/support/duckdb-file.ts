import { DuckDBInstance } from '@duckdb/node-api';

/** What one statement gives of a DuckDB file, as JSON has it: numbers of 64 bits are text. */
export async function askFile(path: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
