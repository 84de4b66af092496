import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column } from '../contract.ts';
import { ident } from '../engine/sql.ts';
import { TargetError } from '../errors.ts';
import { type Fit, fit, type Misfit } from './postgres-fit.ts';
import { LOCK_SPACE } from './postgres-records.ts';
import { checkName, type Relation } from './postgres-relation.ts';
import type { PostgresSession } from './postgres-session.ts';
import { toPostgresType } from './postgres-types.ts';
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

/**
 * Keeps columns and their types as they are to the end of the transaction. With a key no more than that: the lock that rows with a key need
 * is exclusive, and of two that hold what INSERT needs neither would get it.
 */
export async function lockColumns(
  session: PostgresSession,
  relation: Relation,
  hasKey: boolean,
): Promise<void> {
  await session.run(`LOCK TABLE ${relation.sql} IN ${hasKey ? 'ACCESS SHARE' : 'ROW EXCLUSIVE'} MODE`);
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
 * @param hasChanged that the table was another one when this load began
 * @throws TargetError `load.table-changed` where another column is gone, or its type would not hold what it is given; see `Misfit`
 */
export async function addColumns(
  { session, duck, lockWaitMs }: { session: PostgresSession; duck: DuckDBConnection; lockWaitMs: number },
  relation: Relation,
  wanted: Wanted,
  hasChanged: boolean,
): Promise<void> {
  const { missing, misfit } = await fitOf(duck, relation, wanted);
  if (misfit !== undefined) throw changed(relation, misfit, hasChanged);
  if (missing.length === 0) return;
  const added = missing.map(({ name, type }) => `ADD COLUMN IF NOT EXISTS ${ident(name)} ${type}`);
  await session.run(`
    BEGIN; SET LOCAL lock_timeout = ${lockWaitMs}; SET LOCAL client_min_messages = warning;
    ALTER TABLE ${relation.sql} ${added.join(', ')}; COMMIT`);
}

/** Whether the table has all columns that this load writes, and they hold what they are given. */
export async function takesAll(duck: DuckDBConnection, relation: Relation, wanted: Wanted): Promise<boolean> {
  const { missing, misfit } = await fitOf(duck, relation, wanted);
  return missing.length === 0 && misfit === undefined;
}

async function fitOf(duck: DuckDBConnection, relation: Relation, wanted: Wanted): Promise<Fit> {
  const added = addedBy(wanted);
  const columns = await inPostgres(duck, [...wanted.schema.columns, ...added]);
  const given = new Set(wanted.files.flatMap(({ match }) => match.columns.map(({ into }) => into)));
  return fit(relation.columns ?? [], columns, {
    added: new Set(added.map(({ name }) => name)),
    given: new Set([...given, ...(wanted.lineage ? LINEAGE_COLUMNS.map(({ name }) => name) : [])]),
  });
}

export const tableGone = (relation: Relation): TargetError =>
  new TargetError(
    'refused',
    `the table ${relation.schema}.${relation.name} is gone, and ${LOADS_TABLE} says that files were loaded into it`,
    {
      code: 'load.table-gone',
      subject: relation.name,
      hint: `restore it, or load into a table of another name; without its rows of ${relation.schema}.${LOADS_TABLE} it is begun anew, empty of what was loaded`,
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

/** A retry finds the table as it is now, and reads the files for it; what it was from the start a person has to mend. */
function changed(relation: Relation, misfit: Misfit, hasChanged: boolean): TargetError {
  // These are described to nobody, so that a retry would find them again.
  const isHidden = misfit.isGenerated || LINEAGE_COLUMNS.some(({ name }) => name === misfit.column);
  const isPassing = hasChanged || (misfit.isOfAdded && !isHidden);
  return new TargetError(
    isPassing ? 'away' : 'refused',
    `the table ${relation.schema}.${relation.name} cannot be loaded into: ${misfit.what}`,
    {
      code: 'load.table-changed',
      subject: relation.name,
      hint: isPassing
        ? 'somebody has just changed it; files are matched with it again'
        : (misfit.hint ?? 'mend the table or give another one in the sink, then: wharfinger load retry'),
    },
  );
}
