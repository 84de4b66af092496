import { type DuckDBConnection, DuckDBTimestampValue } from '@duckdb/node-api';
import type { FileToLoad, Reject } from '../contract.ts';

/** The columns of a table of rejects, as SQL takes them. `rejected_at` is UTC. */
export const REJECT_COLUMNS =
  'table_name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, file_name VARCHAR NOT NULL, line BIGINT NOT NULL, "column" VARCHAR, ' +
  '"value" VARCHAR, reason VARCHAR NOT NULL, rejected_at TIMESTAMP NOT NULL';

export type RejectedRows = {
  table: string;
  files: readonly FileToLoad[];
  rejects: readonly Reject[];
  nowMs: number;
};

/** Appends to a table that has `REJECT_COLUMNS`. */
export async function appendRejects(
  connection: DuckDBConnection,
  into: { database: string; table: string },
  { table, files, rejects, nowMs }: RejectedRows,
): Promise<void> {
  const at = timestampOf(nowMs);
  const byId = new Map(files.map((file) => [file.fileId, file]));
  await append(connection, into, (appender) => {
    for (const { fileId, line, column, value, reason } of rejects) {
      const { csv, name } = fileOf(byId, fileId);
      for (const said of [table, csv.audit.sha256, name]) appender.appendVarchar(said);
      appender.appendBigInt(BigInt(line));
      for (const said of [column, value]) {
        if (said === undefined) appender.appendNull();
        else appender.appendVarchar(said);
      }
      appender.appendVarchar(reason);
      appender.appendTimestamp(at);
      appender.endRow();
    }
  });
}

export type Appender = Awaited<ReturnType<DuckDBConnection['createAppender']>>;

/** Appends rows to a table inside the transaction of the connection. */
export async function append(
  connection: DuckDBConnection,
  { database, table }: { database: string; table: string },
  write: (appender: Appender) => void,
): Promise<void> {
  const appender = await connection.createAppender(table, 'main', database);
  try {
    write(appender);
    appender.flushSync();
  } catch (error) {
    // Closing would try again what was not flushed.
    appender.clear();
    throw error;
  } finally {
    appender.closeSync();
  }
}

/** UTC, as DuckDB's TIMESTAMP has no zone. */
export const timestampOf = (ms: number): DuckDBTimestampValue => new DuckDBTimestampValue(BigInt(ms) * 1000n);

export function fileOf(files: ReadonlyMap<number, FileToLoad>, fileId: number): FileToLoad {
  const file = files.get(fileId);
  if (file === undefined) throw new Error(`file ${fileId} is not of this load`);
  return file;
}
