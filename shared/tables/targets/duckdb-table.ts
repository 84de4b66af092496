import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column } from '../contract.ts';
import { ident } from '../engine/sql.ts';
import { FileFaultError, TargetError } from '../errors.ts';
import { exceptionOf } from './duckdb-errors.ts';
import { placeOf, rowsOf } from './duckdb-query.ts';
import { LOADS_TABLE, type Load, REJECTS_TABLE } from './target.ts';

/** What `lineage` adds to each row: the id of its file, and its line there. */
export const LINEAGE_COLUMNS: readonly Column[] = [
  { name: '_file_id', type: 'BIGINT' },
  { name: '_line', type: 'BIGINT' },
];

export const isLineage = ({ name }: Column): boolean =>
  LINEAGE_COLUMNS.some((column) => column.name === name.toLowerCase());

/** A table that is there, and its columns in their order. Names are the same in any case, as in DuckDB. */
export type FoundTable = {
  name: string;
  columns: Column[];
  /** Columns that the table computes itself, which nothing is written to. They are none of `columns`. */
  generated: string[];
};

/**
 * @param database as `attachFile` gives it
 * @throws TargetError `load.not-a-table` where a view has the name, `load.name` where the name is one of ours
 */
export async function findTable(
  connection: DuckDBConnection,
  database: string,
  table: string,
): Promise<FoundTable | undefined> {
  if (OURS.has(table.toLowerCase()))
    throw refused(table, 'load.name', 'the name is taken by our own records');
  const [entry] = await rowsOf(
    connection,
    `SELECT table_name, table_type FROM information_schema.tables
     WHERE table_catalog = $1 AND table_schema = 'main' AND lower(table_name) = lower($2)`,
    [database, table],
  );
  if (entry === undefined) return undefined;
  const [name, type] = entry;
  if (type !== 'BASE TABLE') throw refused(table, 'load.not-a-table', 'it is a view');
  const columns = await rowsOf(
    connection,
    `SELECT column_name, data_type, column_default IS NOT NULL FROM duckdb_columns()
     WHERE database_name = $1 AND schema_name = 'main' AND table_name = $2 ORDER BY column_index`,
    [database, String(name)],
  );
  const place = placeOf(database, String(name));
  const found: FoundTable = { name: String(name), columns: [], generated: [] };
  for (const [column, type, mayBeGenerated] of columns) {
    if (mayBeGenerated === true && (await isGenerated(connection, place, String(column))))
      found.generated.push(String(column));
    else found.columns.push({ name: String(column), type: String(type) });
  }
  return found;
}

/**
 * DuckDB's catalogue shows the expression of such a column as if it were a default. But to write to it is refused, before anything else is
 * looked at: also where the database is open for reading alone, which is what refuses the others then.
 */
async function isGenerated(connection: DuckDBConnection, place: string, column: string): Promise<boolean> {
  try {
    await connection.run(`EXPLAIN INSERT INTO ${place} (${ident(column)}) SELECT NULL WHERE false`);
    return false;
  } catch (error) {
    const { kind } = exceptionOf(error);
    if (kind !== 'Binder' && kind !== 'Invalid Input') throw error;
    return kind === 'Binder';
  }
}

const OURS: ReadonlySet<string> = new Set([LOADS_TABLE, REJECTS_TABLE]);

/**
 * Makes the table, or adds the columns that this load brings, inside the caller's transaction.
 *
 * @returns its name as the database writes it
 * @throws TargetError `load.table-changed` where a column is gone or of another type
 * @throws FileFaultError `load.columns` where a file brings a column that the table computes itself
 */
export async function prepareTable(
  connection: DuckDBConnection,
  database: string,
  { table, schema, files, lineage }: Pick<Load, 'table' | 'schema' | 'files' | 'lineage'>,
  found: FoundTable | undefined,
): Promise<string> {
  const added = unique([...files.flatMap(({ match }) => match.added), ...(lineage ? LINEAGE_COLUMNS : [])]);
  const name = found?.name ?? table;
  const place = placeOf(database, name);
  if (found === undefined) {
    const columns = unique([...schema.columns, ...added]).map(definition);
    if (schema.key.length > 0) columns.push(`PRIMARY KEY (${schema.key.map(ident).join(', ')})`);
    await connection.run(`CREATE TABLE ${place} (${columns.join(', ')})`);
    return name;
  }
  assertNotGenerated(files, found);
  const expected = unique([...schema.columns, ...added]);
  const written = await asDuckDBWritesThem(connection, expected);
  const types = new Map(found.columns.map((column) => [column.name.toLowerCase(), column.type]));
  for (const column of expected) {
    const type = types.get(column.name.toLowerCase());
    if (type === undefined) {
      if (!has(added, column)) throw refused(name, 'load.table-changed', `it has no column ${column.name}`);
      await connection.run(`ALTER TABLE ${place} ADD COLUMN ${definition(column)}`);
    } else if (type !== written.get(column.type)) {
      const what = `its column ${column.name} is ${type}, and files have ${column.type} for it`;
      throw refused(name, 'load.table-changed', what);
    }
  }
  return name;
}

function assertNotGenerated(files: Load['files'], { generated }: FoundTable): void {
  const names = new Set(generated.map((name) => name.toLowerCase()));
  for (const { fileId, match } of files) {
    const column = match.added.find(({ name }) => names.has(name.toLowerCase()));
    if (column === undefined) continue;
    throw new FileFaultError({
      fileId,
      code: 'load.columns',
      reason: `the table computes the column ${column.name} itself, and the file has one of that name`,
      hint: 'leave it out of the file, or let on_columns be ignore',
    });
  }
}

export const tableGone = (table: string): TargetError =>
  new TargetError(
    'refused',
    `the table ${table} is gone, and ${LOADS_TABLE} says that files were loaded into it`,
    {
      code: 'load.table-gone',
      subject: table,
      hint: `restore it, or load into a table of another name; without its rows of ${LOADS_TABLE} it is begun anew, empty of what was loaded`,
    },
  );

function refused(table: string, code: string, what: string): TargetError {
  return new TargetError('refused', `the table ${table} cannot be loaded into: ${what}`, {
    code,
    subject: table,
    hint: 'mend the table or give another one in the sink, then: wharfinger load retry',
  });
}

const definition = ({ name, type }: Column): string => `${ident(name)} ${type}`;

const has = (columns: readonly Column[], { name }: Column): boolean =>
  columns.some((other) => other.name.toLowerCase() === name.toLowerCase());

/** The first of each name. */
export function unique(columns: readonly Column[]): Column[] {
  const byName = new Map(columns.toReversed().map((column) => [column.name.toLowerCase(), column]));
  return columns.filter((column) => byName.get(column.name.toLowerCase()) === column);
}

/** INT is INTEGER, TEXT is VARCHAR, and so on. */
export async function asDuckDBWritesThem(
  connection: DuckDBConnection,
  columns: readonly Column[],
): Promise<ReadonlyMap<string, string>> {
  const types = [...new Set(columns.map(({ type }) => type))];
  const [row = []] = await rowsOf(
    connection,
    `SELECT ${types.map((type) => `typeof(CAST(NULL AS ${type}))`).join(', ')}`,
  );
  return new Map(types.map((type, index) => [type, String(row[index])]));
}
