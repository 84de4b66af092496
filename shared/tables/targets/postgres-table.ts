import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column } from '../contract.ts';
import { ident } from '../engine/sql.ts';
import { TargetError } from '../errors.ts';
import { LOCK_SPACE } from './postgres-records.ts';
import { checkName, type Relation, type RelationColumn } from './postgres-relation.ts';
import type { PostgresSession } from './postgres-session.ts';
import { toDuckType, toPostgresType } from './postgres-types.ts';
import { LOADS_TABLE, type Load } from './target.ts';

/** What `lineage` adds to each row: the id of its file, and its line there. */
export const LINEAGE_COLUMNS: readonly Column[] = [
  { name: '_file_id', type: 'BIGINT' },
  { name: '_line', type: 'BIGINT' },
];

type Wanted = Pick<Load, 'schema' | 'files' | 'lineage'>;

/**
 * Waits until nobody else makes this table. Held to the end of the transaction, so that it is to be looked for again afterwards.
 */
export async function lockCreation(session: PostgresSession, relation: Relation): Promise<void> {
  await session.run(`SELECT pg_advisory_xact_lock(${LOCK_SPACE}, hashtext($1))`, [relation.sql]);
}

/** Inside the transaction of the load, which nobody waits for: nobody knows the table yet. */
export async function createTable(
  session: PostgresSession,
  duck: DuckDBConnection,
  relation: Relation,
  wanted: Wanted,
): Promise<void> {
  const columns = await inPostgres(duck, [...wanted.schema.columns, ...addedBy(wanted)]);
  const definitions = columns.map(({ name, type }) => `${ident(name)} ${type}`);
  const { key } = wanted.schema;
  if (key.length > 0) definitions.push(`PRIMARY KEY (${key.map(ident).join(', ')})`);
  await session.run(`CREATE TABLE ${relation.sql} (${definitions.join(', ')})`);
}

/**
 * Gives the table the columns that this load brings, in a transaction of its own: a reader of the table waits for as long as that one takes,
 * and not for a whole load.
 *
 * @returns whether there were any
 * @throws TargetError `load.table-changed` where another column is gone, or its type would not hold what it is given
 */
export async function addColumns(
  session: PostgresSession,
  duck: DuckDBConnection,
  relation: Relation,
  wanted: Wanted,
  lockWaitMs: number,
): Promise<boolean> {
  const there = new Map((relation.columns ?? []).map((column) => [column.name, column]));
  const added = addedBy(wanted);
  const addedNames = new Set(added.map(({ name }) => name));
  const missing: string[] = [];
  for (const column of await inPostgres(duck, [...wanted.schema.columns, ...added])) {
    const found = there.get(column.name);
    if (found !== undefined) checkType(relation, found, column);
    else if (addedNames.has(column.name))
      missing.push(`ADD COLUMN IF NOT EXISTS ${ident(column.name)} ${column.type}`);
    else throw changed(relation, `it has no column ${column.name}`);
  }
  if (missing.length === 0) return false;
  await session.run(`
    BEGIN; SET LOCAL lock_timeout = ${lockWaitMs}; SET LOCAL client_min_messages = warning;
    ALTER TABLE ${relation.sql} ${missing.join(', ')}; COMMIT`);
  return true;
}

export const tableGone = (relation: Relation): TargetError =>
  new TargetError(
    'refused',
    `the table ${relation.schema}.${relation.name} is gone, and ${LOADS_TABLE} says that files were loaded into it`,
    {
      code: 'load.table-gone',
      subject: relation.name,
      hint: `restore it, or delete its rows of ${relation.schema}.${LOADS_TABLE} to load everything again`,
    },
  );

/** Columns that the table may lack, each name once. */
function addedBy({ schema, files, lineage }: Wanted): Column[] {
  const added = [...files.flatMap(({ match }) => match.added), ...(lineage ? LINEAGE_COLUMNS : [])];
  const known = new Set(schema.columns.map(({ name }) => name));
  return added.filter(({ name }) => !known.has(name) && known.add(name));
}

/** The same columns with types of PostgreSQL. */
async function inPostgres(duck: DuckDBConnection, columns: readonly Column[]): Promise<Column[]> {
  for (const { name } of columns) checkName(name, 'column');
  // INT is INTEGER, TEXT is VARCHAR, and so on: as DuckDB itself writes them.
  const types = [...new Set(columns.map(({ type }) => type))];
  const casts = types.map((type) => `typeof(CAST(NULL AS ${type}))`);
  const [row = []] = (await duck.runAndReadAll(`SELECT ${casts.join(', ')}`)).getRows();
  const written = new Map(types.map((type, at) => [type, String(row[at])]));
  return columns.map(({ name, type }) => ({ name, type: toPostgresType(written.get(type) ?? type) }));
}

const INTEGERS: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric(20,0)',
  'numeric(39,0)',
]);

/** The server reads text, and refuses what it cannot read; but it would round a number or drop a time without a word. */
function checkType(relation: Relation, found: RelationColumn, wanted: Column): void {
  if (found.isGenerated) throw changed(relation, `its column ${found.name} is generated`);
  const isSame = found.type === wanted.type || toDuckType(found.type) === toDuckType(wanted.type);
  const isInteger = INTEGERS.has(found.type) && INTEGERS.has(wanted.type);
  if (isSame || isInteger || toDuckType(found.type) === 'VARCHAR') return;
  throw changed(relation, `its column ${found.name} is ${found.type}, and files have ${wanted.type} for it`);
}

function changed(relation: Relation, what: string): TargetError {
  return new TargetError(
    'refused',
    `the table ${relation.schema}.${relation.name} cannot be loaded into: ${what}`,
    {
      code: 'load.table-changed',
      subject: relation.name,
      hint: 'mend the table or give another one in the sink, then: wharfinger load retry',
    },
  );
}
