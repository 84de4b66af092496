import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, FileLoad, Reject } from '../contract.ts';
import { tooManyRejects } from '../engine/judge.ts';
import type { RowsLoaded } from '../engine/load-rows.ts';
import { MOST_OF_VALUE } from '../engine/reasons.ts';
import { ident } from '../engine/sql.ts';
import { rowsOf } from './duckdb-query.ts';
import { fileOf } from './duckdb-rejects.ts';
import type { Load } from './target.ts';

type Rules = Pick<Load, 'files' | 'schema' | 'maxRejects'>;

/** Where rows with a key wait in this transaction until it is known which of them are new. */
export const INCOMING = 'temp.main.wharfinger_incoming';
const REFUSED = 'temp.main.wharfinger_refused';

/** Makes the table that rows wait in, with the columns that say where a row comes from among its own. */
export async function makeIncoming(connection: DuckDBConnection, columns: readonly Column[]): Promise<void> {
  const definitions = columns.map(({ name, type }) => `${ident(name)} ${type}`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${INCOMING} (${definitions.join(', ')})`);
}

/**
 * Moves the rows that wait into the table, but for those whose key is there already: those are rejects. That keys have values, and are unique
 * among the rows that wait, is `loadRows`' part.
 *
 * @param place the table, as SQL takes it
 * @param columns of the table that are written to
 * @returns `loaded` with what became of the rows
 * @throws FileFaultError `load.rejects` where a file has more rejects than it may, or no other rows
 */
export async function moveNewRows(
  connection: DuckDBConnection,
  place: string,
  load: Rules,
  columns: readonly Column[],
  loaded: RowsLoaded,
): Promise<RowsLoaded> {
  const { key } = load.schema;
  await connection.run(refuse(place, key));
  const files = await withRefused(connection, loaded.files, load);
  const refused = await rowsOf(
    connection,
    `SELECT _file_id, _line, value FROM ${REFUSED} ORDER BY _file_id, _line`,
  );
  const rejects = refused.map(
    ([fileId, line, value]): Reject => ({
      fileId: Number(fileId),
      line: Number(line),
      column: key.length === 1 ? key[0] : undefined,
      value: String(value),
      reason: `the key (${key.join(', ')}) is in the table already`,
    }),
  );
  const names = columns.map(({ name }) => ident(name)).join(', ');
  const { rowsChanged } = await connection.run(
    `INSERT INTO ${place} (${names}) SELECT ${names} FROM ${INCOMING} AS i
     WHERE NOT EXISTS (SELECT 1 FROM ${REFUSED} AS r WHERE r._file_id = i._file_id AND r._line = i._line)`,
  );
  await connection.run(`DROP TABLE ${INCOMING}; DROP TABLE ${REFUSED}`);
  const expected = files.reduce((sum, { rows }) => sum + rows, 0);
  if (rowsChanged !== expected) throw new Error(`${expected} rows were to be moved, and ${rowsChanged} were`);
  return { files, rejects: [...loaded.rejects, ...rejects] };
}

/** Which rows are not new. A file and a line name one row. */
function refuse(place: string, key: readonly string[]): string {
  const value = key.map((name) => `CAST(i.${ident(name)} AS VARCHAR)`).join(', ');
  const isSame = key.map((name) => `t.${ident(name)} = i.${ident(name)}`).join(' AND ');
  return `
    CREATE OR REPLACE TEMP TABLE ${REFUSED} AS
    SELECT i._file_id, i._line, left(concat_ws(', ', ${value}), ${MOST_OF_VALUE}) AS value
    FROM ${INCOMING} AS i WHERE EXISTS (SELECT 1 FROM ${place} AS t WHERE ${isSame})`;
}

async function withRefused(
  connection: DuckDBConnection,
  loaded: readonly FileLoad[],
  { files, schema, maxRejects }: Rules,
): Promise<FileLoad[]> {
  const counted = await rowsOf(connection, `SELECT _file_id, count(*) FROM ${REFUSED} GROUP BY _file_id`);
  const refused = new Map(counted.map(([fileId, count]) => [Number(fileId), Number(count)]));
  const byId = new Map(files.map((file) => [file.fileId, file]));
  return loaded.map(({ fileId, rows, rejects }) => {
    const more = refused.get(fileId) ?? 0;
    const result = { fileId, rows: rows - more, rejects: rejects + more };
    const isTooMany = result.rejects > maxRejects || (result.rows === 0 && more > 0);
    if (isTooMany) throw tooManyRejects(fileOf(byId, fileId), schema, result.rejects, maxRejects, undefined);
    return result;
  });
}
