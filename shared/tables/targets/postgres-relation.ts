import { ident } from '../engine/sql.ts';
import { TargetError } from '../errors.ts';
import type { PostgresSession } from './postgres-session.ts';
import { LOADS_TABLE, REJECTS_TABLE } from './target.ts';

/** Where a table is, or would be. */
export type Relation = {
  schema: string;
  name: string;
  /** Both as SQL takes them. */
  sql: string;
  /** Undefined where there is no such table. */
  columns: RelationColumn[] | undefined;
  /** That `wharfinger_loads` and `wharfinger_rejects` are in its schema. */
  hasRecords: boolean;
};

/**
 * `type` as PostgreSQL writes it, and the one that its values are stored as: below all domains, with the modifier that they give it; `enum` for
 * every enumeration, empty for what others have made. Generated ones cannot be written.
 */
export type RelationColumn = { name: string; type: string; stored: string; isGenerated: boolean };

/**
 * Looks for a table in the schema that is named, or in those of the search path. Where there is none it belongs where records of loads are,
 * and else into the first of them, so that the records of a table that is gone are found.
 *
 * @throws TargetError, refused, where it is no table that can be loaded, or there is no such schema
 */
export async function findRelation(session: PostgresSession, table: string): Promise<Relation> {
  const { schema, name } = namesOf(table);
  const [found] = await session.run<Found>(FIND, [name, schema, LOADS_TABLE, REJECTS_TABLE]);
  if (found === undefined)
    throw new TargetError('refused', `the schema of table ${table} does not exist (${session.where})`, {
      code: 'load.no-schema',
      subject: table,
      hint: 'CREATE SCHEMA it, or name another one in the table of the sink',
    });
  const relation = {
    schema: found.schema,
    name,
    sql: `${ident(found.schema)}.${ident(name)}`,
    hasRecords: found.has_records,
  };
  if (found.oid === null) return { ...relation, columns: undefined };
  checkKind(found, table, session.where);
  return { ...relation, columns: await session.run<RelationColumn>(COLUMNS, [found.oid]) };
}

/** A longer one would be cut without a word, and might then be that of another. */
export const MAX_NAME_BYTES = 63;

export function checkName(name: string, what: 'table' | 'column'): void {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return;
  throw new TargetError(
    'refused',
    `PostgreSQL has no ${what} names of more than ${MAX_NAME_BYTES} bytes: ${name}`,
    {
      code: 'load.name-too-long',
      subject: name,
      hint:
        what === 'table' ? 'give it another name' : 'load into DuckDB or Parquet, or have the column renamed',
    },
  );
}

type Found = {
  schema: string;
  oid: string | null;
  kind: string | null;
  persistence: string | null;
  has_records: boolean;
};

const FIND = `
  SELECT n.nspname::text AS schema, c.oid::text AS oid, c.relkind::text AS kind, c.relpersistence::text AS persistence,
    l.oid IS NOT NULL AND EXISTS (SELECT FROM pg_class r WHERE r.relnamespace = n.oid AND r.relname = $4) AS has_records
  FROM unnest(CASE WHEN $2::text IS NULL THEN current_schemas(false)::text[] ELSE ARRAY[$2::text] END)
    WITH ORDINALITY AS path (schema, position)
  JOIN pg_namespace n ON n.nspname = path.schema
  LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  LEFT JOIN pg_class l ON l.relnamespace = n.oid AND l.relname = $3 AND l.relkind = 'r'
  ORDER BY c.oid IS NULL, l.oid IS NULL, path.position LIMIT 1`;

const COLUMNS = `
  WITH RECURSIVE a AS (
    SELECT attnum, attname, atttypid, atttypmod, attgenerated
    FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped),
  below AS (
    SELECT attnum, atttypid AS type, atttypmod AS modifier FROM a
    UNION ALL
    SELECT attnum, typbasetype, typtypmod FROM below JOIN pg_type ON oid = below.type WHERE typtype = 'd')
  SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type, attgenerated <> '' AS "isGenerated",
    CASE WHEN typtype = 'e' THEN 'enum'
      WHEN typnamespace = 'pg_catalog'::regnamespace THEN format_type(below.type, below.modifier)
      WHEN typname = 'citext' THEN 'citext' ELSE '' END AS stored
  FROM a JOIN below USING (attnum) JOIN pg_type t ON t.oid = below.type AND typtype <> 'd' ORDER BY attnum`;

function namesOf(table: string): { schema: string | null; name: string } {
  const dot = table.indexOf('.');
  const name = dot < 0 ? table : table.slice(dot + 1);
  checkName(name, 'table');
  if (name === LOADS_TABLE || name === REJECTS_TABLE)
    throw new TargetError('refused', `${name} is the name of a table of our own`, {
      code: 'load.name',
      subject: name,
      hint: 'give the table another name in the sink',
    });
  return { schema: dot < 0 ? null : table.slice(0, dot), name };
}

const KINDS: ReadonlyMap<string | null, string> = new Map([
  ['v', 'a view'],
  ['m', 'a materialized view'],
  ['f', 'a foreign table'],
]);

function checkKind({ kind, persistence }: Found, table: string, where: string): void {
  const other = KINDS.get(kind);
  if (other !== undefined)
    throw new TargetError('refused', `${table} is ${other}, not a table (${where})`, {
      code: 'load.not-a-table',
      subject: table,
      hint: 'name a table in the sink',
    });
  if (persistence === 'u')
    throw new TargetError(
      'refused',
      `${table} is unlogged: the server would lose its rows in a crash (${where})`,
      {
        code: 'load.unlogged',
        subject: table,
        hint: 'ALTER TABLE … SET LOGGED',
      },
    );
}
