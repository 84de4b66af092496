import type { DuckDBConnection } from '@duckdb/node-api';
import type { LoadSink } from '../../config/settings.ts';
import type { Column, Match, PlainCsv, TableSchema } from '../contract.ts';
import { FileFaultError } from '../errors.ts';
import { sniffDialect } from './dialect.ts';
import { headerOf, nameKey } from './header.ts';
import { inferTypes } from './infer-types.ts';
import { withCanonicalTypes } from './types.ts';

export { sniffDialect } from './dialect.ts';

type Declared = LoadSink['declared'];

/**
 * The schema of a table from its first file: declared columns in their order, and nothing else where there are any; else the columns of the
 * file, with types that all its cells fit. Without a header they are column0, column1, …
 *
 * @param fileId for what is thrown
 * @throws FileFaultError `load.columns` where the header has an empty name, or one twice, where the file is empty, and where a key column
 * is not in it
 * @throws UsageError `load.type` where DuckDB has no type that is declared; the signal's reason when aborted
 */
export async function inferSchema(
  connection: DuckDBConnection,
  csv: PlainCsv,
  declared: Declared,
  fileId = 0,
  signal?: AbortSignal,
): Promise<TableSchema> {
  const { header, nulls, encoding } = declared;
  const dialect = await sniffDialect(csv.readPath, { ...declared, encoding: 'utf-8' });
  const schema: TableSchema = { columns: [], dialect, header, encoding, nulls, key: declared.key };
  if (declared.columns === undefined || declared.columns.length === 0)
    Object.assign(schema, await columnsOf(connection, csv, schema, fileId, signal));
  else schema.columns = await withCanonicalTypes(connection, declared.columns);
  return { ...schema, key: keyOf(schema, fileId) };
}

async function columnsOf(
  connection: DuckDBConnection,
  csv: PlainCsv,
  schema: TableSchema,
  fileId: number,
  signal: AbortSignal | undefined,
): Promise<Pick<TableSchema, 'columns' | 'dateFormat' | 'timestampFormat'>> {
  const { firstRecord } = csv;
  if (firstRecord.length === 0) throw fault(fileId, 'the file is empty');
  const names = schema.header
    ? headerOf(firstRecord, fileId)
    : firstRecord.map((_, index) => `column${index}`);
  const { types, ...formats } = await inferTypes(connection, csv, schema, [...names.keys()], signal);
  return { columns: names.map((name, index) => ({ name, type: types[index] ?? 'VARCHAR' })), ...formats };
}

/** As the columns are written. */
function keyOf({ columns, key }: TableSchema, fileId: number): string[] {
  const names = new Map(columns.map(({ name }) => [nameKey(name), name]));
  return key.map((name) => {
    const found = names.get(nameKey(name));
    if (found === undefined) throw fault(fileId, `the key column ${name} is not in it`);
    return found;
  });
}

/** Gives the columns that are added types that all their cells in this file fit. Formats are the table's, or ISO 8601. */
export async function inferAdded(
  connection: DuckDBConnection,
  csv: PlainCsv,
  match: Match,
  schema: TableSchema,
  signal?: AbortSignal,
): Promise<Match> {
  if (match.added.length === 0) return match;
  const added = new Map(match.added.map((column) => [column.name, column]));
  const indexes = match.columns.flatMap(({ into }, index) =>
    into !== undefined && added.has(into) ? [index] : [],
  );
  const { types, ...formats } = await inferTypes(connection, csv, schema, indexes, signal);
  const typed = new Map<string, Column>();
  indexes.forEach((index, nth) => {
    const name = match.columns[index]?.into ?? '';
    typed.set(name, { name, type: asRead(types[nth] ?? 'VARCHAR', formats, schema) });
  });
  return {
    columns: match.columns.map((column) => ({
      ...column,
      type: typed.get(column.into ?? '')?.type ?? column.type,
    })),
    added: match.added.map((column) => typed.get(column.name) ?? column),
  };
}

type Formats = Pick<TableSchema, 'dateFormat' | 'timestampFormat'>;

/** A date whose format the table does not read is a text. */
function asRead(type: string, found: Formats, schema: Formats): string {
  if (type === 'DATE' && found.dateFormat !== schema.dateFormat) return 'VARCHAR';
  if (type === 'TIMESTAMP' && found.timestampFormat !== schema.timestampFormat) return 'VARCHAR';
  return type;
}

const fault = (fileId: number, reason: string): FileFaultError =>
  new FileFaultError({ fileId, code: 'load.columns', reason });
