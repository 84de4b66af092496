import type { DuckDBConnection } from '@duckdb/node-api';
import { UsageError } from '../../errors.ts';
import type { Column } from '../contract.ts';

/**
 * The columns with their types as DuckDB writes them: BIGINT for `int8`, `DECIMAL(18,3)` for `numeric(18, 3)`. Rules of cells go by that.
 *
 * @throws UsageError where DuckDB has no such type
 */
export async function withCanonicalTypes(
  connection: DuckDBConnection,
  columns: readonly Column[],
): Promise<Column[]> {
  const canonical = new Map<string, string>();
  for (const type of new Set(columns.map((column) => column.type)))
    canonical.set(type, await canonicalType(connection, type));
  return columns.map(({ name, type }) => ({ name, type: canonical.get(type) ?? type }));
}

/** A name with its arguments: what else could stand there is no type, and is not given to DuckDB. */
const TYPE = /^[A-Za-z][A-Za-z0-9_ ]*(\([0-9, ]*\))?( WITH(OUT)? TIME ZONE)?(\[[0-9]*\])*$/i;

async function canonicalType(connection: DuckDBConnection, type: string): Promise<string> {
  const trimmed = type.trim();
  if (!TYPE.test(trimmed)) throw unknown(type);
  try {
    const result = await connection.runAndReadAll(`SELECT typeof(CAST(NULL AS ${trimmed}))`);
    return String(result.getRows()[0]?.[0]);
  } catch (cause) {
    throw unknown(type, cause);
  }
}

const unknown = (type: string, cause?: unknown): UsageError =>
  new UsageError(`DuckDB has no type ${type}`, {
    code: 'load.type',
    subject: type,
    hint: 'types are, for example, BIGINT, DOUBLE, VARCHAR, DATE, TIMESTAMP, DECIMAL(18,3)',
    cause,
  });
