import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import type { DuckDBConnection } from '@duckdb/node-api';
import { fromText, join, toBytes } from '../../fs/byte-path.ts';
import { makeFifo } from '../../linux/fifo.ts';
import type { Column } from '../contract.ts';
import { ident, text } from '../engine/sql.ts';
import { TargetError } from '../errors.ts';
import type { PostgresSession } from './postgres-session.ts';
import { asPostgresReads, isFreeText } from './postgres-types.ts';

/**
 * Sends what a query of DuckDB yields into a table of PostgreSQL. Through a named pipe: while the server takes what has come the next rows are
 * parsed, nothing is kept on disk, and memory does not grow with the rows.
 *
 * In no order: DuckDB then begins to write at once, and needs a third less of the processor. Nothing else may run on `duck` meanwhile.
 *
 * Of the two that work at once, the failure that came first is thrown: the other one's follows from it.
 *
 * @returns how many rows were added
 * @throws DatabaseError; TargetError, `load.rows-dropped` where the server has added fewer than it was sent; what DuckDB throws
 */
export async function copyRows(
  session: PostgresSession,
  duck: DuckDBConnection,
  options: { select: string; columns: readonly Column[]; into: string; scratch: string },
): Promise<number> {
  const { select, columns, into, scratch } = options;
  const names = columns.map(({ name }) => ident(name)).join(', ');
  await duck.run('SET preserve_insertion_order = false');
  const { source, path } = openPipe(scratch);
  let first: { error: unknown } | undefined;
  const copy = `COPY (${readable(select, columns)}) TO ${text(path)} (${formatOf(columns)})`;
  const statement = `COPY ${into} (${names}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')`;
  const parsing = duck.run(copy).then(
    ({ rowsChanged }) => rowsChanged,
    (error: unknown) => {
      first ??= { error };
      // It may never have opened the pipe, and then there would be no end of it.
      source.destroy();
      throw error;
    },
  );
  const copying = session
    .copyIn(statement, source.iterator({ destroyOnReturn: false }))
    .catch((error: unknown) => {
      first ??= { error };
      // The pipe stays open as long as DuckDB may write to it, or open it: it would wait for a reader for ever, or by then the
      // descriptor might be that of another file.
      duck.interrupt();
      source.on('data', () => undefined).resume();
      throw error;
    });
  const [parsed, copied] = await Promise.allSettled([parsing, copying]);
  await duck.run('SET preserve_insertion_order = true');
  if (first !== undefined || parsed.status === 'rejected' || copied.status === 'rejected') throw first?.error;
  if (copied.value !== parsed.value) throw rowsDropped(into, parsed.value, copied.value);
  return copied.value;
}

/** Somebody has told the server to leave rows out. */
export function rowsDropped(into: string, sent: number, added: number): TargetError {
  return new TargetError('refused', `${into} took ${added} of ${sent} rows and said nothing of the others`, {
    code: 'load.rows-dropped',
    subject: into,
    hint: 'a trigger of the table drops rows: see pg_trigger of the server',
  });
}

/** Both ends of the pipe are reached by a descriptor of this process, so that nothing of it is left behind when this process dies. */
function openPipe(scratch: string): { source: Socket; path: string } {
  const name = join(fromText(scratch), `postgres-${randomBytes(6).toString('hex')}.fifo`);
  makeFifo(name);
  let fd: number;
  try {
    // Without waiting for the one that writes.
    fd = openSync(toBytes(name), constants.O_RDONLY | constants.O_NONBLOCK);
  } finally {
    unlinkSync(toBytes(name));
  }
  try {
    return { source: new Socket({ fd, readable: true, writable: false }), path: `/proc/self/fd/${fd}` };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Text is always in quotes: an unquoted empty cell is NULL, and `\.` alone in a line would be the end. */
function formatOf(columns: readonly Column[]): string {
  const quoted = columns.filter(({ type }) => isFreeText(type)).map(({ name }) => ident(name));
  const force = quoted.length === 0 ? '' : `, FORCE_QUOTE (${quoted.join(', ')})`;
  return `FORMAT csv, HEADER false, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', USE_TMP_FILE false${force}`;
}

function readable(select: string, columns: readonly Column[]): string {
  const written = columns.map(({ name, type }) => `${asPostgresReads(ident(name), type)} AS ${ident(name)}`);
  return `SELECT ${written.join(', ')} FROM (${select})`;
}
