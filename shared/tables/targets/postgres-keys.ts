import type { FileLoad, FileToLoad } from '../contract.ts';
import { tooManyRejects } from '../engine/judge.ts';
import { ident } from '../engine/sql.ts';
import { rowsDropped } from './postgres-copy.ts';
import { rejectsOf } from './postgres-records.ts';
import type { Relation } from './postgres-relation.ts';
import type { PostgresSession } from './postgres-session.ts';
import type { Load } from './target.ts';

/** Where rows with a key wait in this transaction until it is known which of them are new. */
export const INCOMING = 'pg_temp.wharfinger_incoming';
const REFUSED = 'pg_temp.wharfinger_refused';

/** Makes the table that rows wait in: with the columns of the table, and with those that say where a row comes from. */
export async function makeIncoming(
  session: PostgresSession,
  relation: Relation,
  columns: readonly string[],
): Promise<void> {
  const own = columns.filter((name) => !LINEAGE.includes(name)).map(ident);
  await session.run(`
    DROP TABLE IF EXISTS ${INCOMING}, ${REFUSED};
    CREATE TEMPORARY TABLE wharfinger_incoming ON COMMIT DROP AS
    SELECT ${[...own, '0::bigint AS _file_id', '0::bigint AS _line'].join(', ')} FROM ${relation.sql} WITH NO DATA`);
}

const LINEAGE = ['_file_id', '_line'];

/**
 * Moves the rows that wait into the table, but for those whose key is there: those are rejects. So are rows whose keys are one for the server
 * alone, as 1.0 and 1.00 are. Nobody
 * else writes into the table from here to the end of the transaction.
 *
 * @returns `loads` with what became of the rows
 * @throws FileFaultError `load.rejects` where a file has more rejects than it may, or no other rows; TargetError `load.rows-dropped`
 */
export async function moveNewRows(
  session: PostgresSession,
  relation: Relation,
  options: Pick<Load, 'schema' | 'files' | 'maxRejects'> & {
    columns: readonly string[];
    loads: readonly FileLoad[];
  },
): Promise<FileLoad[]> {
  const { schema, files, maxRejects, columns, loads } = options;
  await session.run(`LOCK TABLE ${relation.sql} IN SHARE ROW EXCLUSIVE MODE`);
  await session.run(refuse(relation, schema.key));
  const counted = await session.run<{ file: string; count: string }>(
    `SELECT _file_id AS file, count(*) AS count FROM ${REFUSED} GROUP BY _file_id`,
  );
  const refused = new Map(counted.map(({ file, count }) => [Number(file), Number(count)]));
  const byId = new Map(files.map((file) => [file.fileId, file]));
  const result = loads.map(({ fileId, rows, rejects }) => {
    const more = refused.get(fileId) ?? 0;
    const file = byId.get(fileId);
    const result = { fileId, rows: rows - more, rejects: rejects + more };
    const isTooMany = result.rejects > maxRejects || (result.rows === 0 && more > 0);
    if (file !== undefined && isTooMany)
      throw tooManyRejects(file, schema, result.rejects, maxRejects, undefined);
    return result;
  });
  if (refused.size > 0) await noteRefused(session, relation, files, schema.key);
  const names = columns.map(ident).join(', ');
  const moved = await session.change(
    `INSERT INTO ${relation.sql} (${names}) OVERRIDING SYSTEM VALUE SELECT ${names} FROM ${INCOMING} AS i
     WHERE NOT EXISTS (SELECT FROM ${REFUSED} AS r WHERE r._file_id = i._file_id AND r._line = i._line)
     ORDER BY i._file_id, i._line`,
  );
  const expected = result.reduce((sum, { rows }) => sum + rows, 0);
  if (moved !== expected) throw rowsDropped(relation.sql, expected, moved);
  return result;
}

/** Which rows are not new, and why. A file and a line name one row. */
function refuse(relation: Relation, key: readonly string[]): string {
  const keys = key.map((name) => `i.${ident(name)}`);
  const isEmpty = keys.map((name) => `${name} IS NULL`).join(' OR ');
  const isThere = key.map((name) => `t.${ident(name)} = i.${ident(name)}`).join(' AND ');
  return `
    ANALYZE ${INCOMING};
    CREATE TEMPORARY TABLE wharfinger_refused ON COMMIT DROP AS
    SELECT * FROM (
      SELECT i._file_id, i._line, concat_ws(', ', ${keys.join(', ')}) AS value,
        CASE WHEN ${isEmpty} THEN 'the key has no value'
          WHEN EXISTS (SELECT FROM ${relation.sql} AS t WHERE ${isThere}) THEN 'the key is in the table already'
          WHEN row_number() OVER (PARTITION BY ${keys.join(', ')} ORDER BY i._file_id, i._line) > 1
            THEN 'the key came before in the same load'
        END AS reason
      FROM ${INCOMING} AS i) AS judged
    WHERE reason IS NOT NULL`;
}

async function noteRefused(
  session: PostgresSession,
  relation: Relation,
  files: readonly FileToLoad[],
  key: readonly string[],
): Promise<void> {
  await session.run(
    `INSERT INTO ${rejectsOf(relation)} (table_name, sha256, file_name, line, "column", value, reason)
     SELECT $1, f.sha256, f.name, r._line, $5::text, left(r.value, 10000), r.reason
     FROM ${REFUSED} AS r JOIN unnest($2::bigint[], $3::text[], $4::text[]) AS f (id, sha256, name) ON f.id = r._file_id
     ORDER BY r._file_id, r._line`,
    [
      relation.name,
      files.map(({ fileId }) => fileId),
      files.map(({ csv }) => csv.audit.sha256),
      files.map(({ name }) => name),
      key.join(', '),
    ],
  );
}
