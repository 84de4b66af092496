import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import type { DuckDBConnection } from '@duckdb/node-api';
import { errnoOf } from '../../errors.ts';
import { fromText, join, toBytes } from '../../fs/byte-path.ts';
import { makeFifo } from '../../linux/fifo.ts';
import type { Column } from '../contract.ts';
import { ident, text } from '../engine/sql.ts';
import { TargetError } from '../errors.ts';
import { tooLong } from './postgres-errors.ts';
import type { PostgresSession } from './postgres-session.ts';
import { asPostgresReads, isFreeText } from './postgres-types.ts';

/**
 * Sends what a query of DuckDB yields into a table of PostgreSQL. Through a named pipe: while the server takes what has come the next rows are
 * parsed, nothing is kept on disk, and memory does not grow with the rows.
 *
 * In no order: DuckDB then begins to write at once, and needs a third less of the processor. Nothing else may run on `duck` meanwhile.
 *
 * A text of more characters than `maxLengths` has for its column ends it, since of a text that is too long by blanks alone the server would cut
 * these away.
 *
 * Of the two that work at once, the failure that came first is thrown: the other one's follows from it.
 *
 * @returns how many rows were added
 * @throws DatabaseError; TargetError, one that `isOfARow` where a text is too long, `load.rows-dropped` where the server has added fewer than it was sent; what DuckDB throws
 */
export async function copyRows(
  session: PostgresSession,
  duck: DuckDBConnection,
  options: {
    select: string;
    columns: readonly Column[];
    maxLengths?: ReadonlyMap<string, number>;
    into: string;
    scratch: string;
  },
): Promise<number> {
  const { select, columns, maxLengths = new Map(), into, scratch } = options;
  const names = columns.map(({ name }) => ident(name)).join(', ');
  await duck.run('SET preserve_insertion_order = false');
  const { source, path } = openPipe(scratch);
  let first: { error: unknown } | undefined;
  // What DuckDB throws has nothing but a text.
  const mark = `too-long-${randomBytes(16).toString('hex')}:`;
  const copy = `COPY (${readable(select, columns, { maxLengths, mark })}) TO ${text(path)} (${formatOf(columns)})`;
  const statement = `COPY ${into} (${names}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')`;
  const parsing = duck.run(copy).then(
    ({ rowsChanged }) => rowsChanged,
    (thrown: unknown) => {
      const error = markedError(thrown, mark) ?? thrown;
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

/** @throws TargetError, away, `load.scratch` */
function openPipe(scratch: string): Pipe {
  try {
    return pipeIn(scratch);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new TargetError('away', `no named pipe can be made in ${scratch} (${errno})`, {
      code: 'load.scratch',
      subject: scratch,
      hint: 'its file system must be writable, and have named pipes',
      cause: error,
    });
  }
}

type Pipe = { source: Socket; path: string };

/** Both ends of the pipe are reached by a descriptor of this process, so that nothing of it is left behind when this process dies. */
function pipeIn(scratch: string): Pipe {
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

type Lengths = { maxLengths: ReadonlyMap<string, number>; mark: string };

function readable(select: string, columns: readonly Column[], { maxLengths, mark }: Lengths): string {
  const written = columns.map(({ name, type }) => {
    const value = asPostgresReads(ident(name), type);
    const maxLength = maxLengths.get(name);
    if (maxLength === undefined) return `${value} AS ${ident(name)}`;
    const cell = `CAST(${value} AS VARCHAR)`;
    const told = text(`${mark}its column ${name} has room for ${maxLength} characters, and it has `);
    const tell = `error(concat(${told}, length(${cell}), ': "', left(${cell}, 200), '"'))`;
    return `CASE WHEN length(${cell}) > ${maxLength} THEN ${tell} ELSE ${value} END AS ${ident(name)}`;
  });
  return `SELECT ${written.join(', ')} FROM (${select})`;
}

function markedError(error: unknown, mark: string): TargetError | undefined {
  const told = error instanceof Error ? error.message.split(mark)[1] : undefined;
  return told === undefined ? undefined : tooLong(told);
}
