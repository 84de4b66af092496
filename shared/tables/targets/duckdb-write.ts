import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column } from '../contract.ts';
import { loadRows, type RowsLoaded } from '../engine/load-rows.ts';
import { ident } from '../engine/sql.ts';
import { FileFaultError } from '../errors.ts';
import { exceptionOf, isOfARow } from './duckdb-errors.ts';
import { INCOMING, makeIncoming, moveNewRows } from './duckdb-keys.ts';
import { isLineage } from './duckdb-table.ts';
import type { Load } from './target.ts';

/** Writes the rows of files into a table, inside the transaction of the load. @param place the table, as SQL takes it */
export async function writeRows(
  connection: DuckDBConnection,
  place: string,
  load: Load,
): Promise<RowsLoaded> {
  if (load.schema.key.length > 0) return writeKeyedRows(connection, place, load);
  return loadRows(connection, load, async (select, columns) => {
    await keepOrder(connection, load.lineage);
    const rows = await insert(connection, place, columns, select);
    await keepOrder(connection, true);
    return rows;
  });
}

/**
 * Whether statements keep the order of rows, as those that number them have to. Where an INSERT does, DuckDB makes a small group of rows of
 * each file's end, and writes all that was loaded anew when it folds the log in, to have them in larger ones.
 */
export const keepOrder = async (connection: DuckDBConnection, keeps: boolean): Promise<void> => {
  await connection.run(`SET preserve_insertion_order = ${keeps}`);
};

/**
 * Finds the file that has the row which the table refused, by writing one after the other, in a transaction that is then rolled back.
 *
 * @returns undefined where they all pass this time
 */
export async function findFault(
  connection: DuckDBConnection,
  place: string,
  load: Load,
): Promise<FileFaultError | undefined> {
  for (const file of load.files) {
    try {
      await writeRows(connection, place, { ...load, files: [file] });
    } catch (error) {
      if (!isOfARow(error)) throw error;
      return new FileFaultError(
        {
          fileId: file.fileId,
          code: 'load.row-refused',
          reason: `the table refuses a row of it: ${exceptionOf(error).said}`,
          hint: 'mend the row, or what the table demands of it',
        },
        error,
      );
    }
  }
  return undefined;
}

/** Each row has to say where it comes from, at least on its way: what is no new key is a reject. */
async function writeKeyedRows(connection: DuckDBConnection, place: string, load: Load): Promise<RowsLoaded> {
  let incoming: readonly Column[] | undefined;
  const loaded = await loadRows(connection, { ...load, lineage: true }, async (select, columns) => {
    if (incoming === undefined) await makeIncoming(connection, columns);
    incoming = columns;
    return insert(connection, INCOMING, columns, select);
  });
  if (incoming === undefined) return loaded;
  const own = load.lineage ? incoming : incoming.filter((column) => !isLineage(column));
  return moveNewRows(connection, place, load, own, loaded);
}

async function insert(
  connection: DuckDBConnection,
  place: string,
  columns: readonly Column[],
  select: string,
): Promise<number> {
  const names = columns.map(({ name }) => ident(name)).join(', ');
  return (await connection.run(`INSERT INTO ${place} (${names}) ${select}`)).rowsChanged;
}
