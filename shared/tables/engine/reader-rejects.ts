import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import type { FileToLoad, Reject, TableSchema } from '../contract.ts';
import { BundleError, mostRejects } from './bundle.ts';
import { type RejectedRows, tooManyRejects } from './judge.ts';
import type { RejectTables } from './read-csv.ts';
import { dropTables } from './read-csv.ts';
import * as reasons from './reasons.ts';
import { ident } from './sql.ts';

/**
 * The rows that DuckDB's reader rejected in the statement that has just run, for each file that has any; the tables are gone then.
 *
 * @throws BundleError where a cell could not be read as what it looked like: by its text the row may be wrong in another way, or right
 * @throws FileFaultError `load.rejects` where a file has more rejected rows than it may, before they are read
 */
export async function takeRejects(
  connection: DuckDBConnection,
  tables: RejectTables,
  files: readonly FileToLoad[],
  { schema, maxRejects }: { schema: TableSchema; maxRejects: number },
): Promise<Map<FileToLoad, RejectedRows>> {
  const from = `FROM temp.${ident(tables.rejects)} r JOIN temp.${ident(tables.scans)} s USING (scan_id, file_id)`;
  const taken = new Map<FileToLoad, RejectedRows>();
  const counts = await connection.runAndReadAll(
    `SELECT s.file_path, count(DISTINCT r.line_byte_position), bool_or(r.error_type = 'CAST') ${from} GROUP BY ALL`,
  );
  const byPath = new Map(files.map((file) => [file.csv.readPath, file]));
  if (counts.getRows().some(([, , isOfACast]) => isOfACast === true)) throw new BundleError();
  for (const [path, count] of counts.getRows()) {
    const file = byPath.get(String(path));
    if (file === undefined) throw new Error(`rejects of a file that was not read: ${path}`);
    const rows = Number(count);
    const isTooMany = rows > mostRejects(file, maxRejects);
    const rejects = await readRejects(connection, from, file, schema, isTooMany ? 'LIMIT 1' : '');
    if (isTooMany) throw tooManyRejects(file, schema, rows, maxRejects, rejects[0]);
    taken.set(file, { lines: rejects.map(({ line }) => line), rows, rejects });
  }
  await connection.run(dropTables([tables.rejects, tables.scans]));
  return taken;
}

/** What is parsed at a time, in characters, until other things have their turn. */
const BREATH_CHARACTERS = 256 * 1024;

/** All that is kept of the rows of a file, in characters: of further ones only the beginnings are. */
const MOST_KEPT = 4 * 1024 * 1024;
const SHORT_VALUE = 100;

async function readRejects(
  connection: DuckDBConnection,
  from: string,
  file: FileToLoad,
  schema: TableSchema,
  limit: string,
): Promise<Reject[]> {
  // One row may be wrong in many ways: then the first is told, and its text is read once.
  const read = await connection.runAndReadAll(
    `SELECT min(r.line), r.line_byte_position, min(r.column_idx), first(r.error_type::VARCHAR ORDER BY r.column_idx), left(any_value(r.csv_line), ${reasons.MOST_OF_VALUE}) ${from} ` +
      `WHERE s.file_path = $1 GROUP BY r.line_byte_position ORDER BY r.line_byte_position ${limit}`,
    [file.csv.readPath],
  );
  const rows = read.getRows().map(([line, position, column, error, row]): RejectedRow => {
    const text = row === null ? '' : String(row);
    // Blank lines before a row are part of it, and counted as lines, here.
    const content = text.replace(/^[\r\n]+/, '');
    const offset = Number(position) - 1 + (text.length - content.length);
    return { line: Number(line), offset, column: Number(column), error: String(error), row: content };
  });
  const lines = await linesOfRejected(file, rows);
  const rejects: Reject[] = [];
  let parsed = 0;
  let kept = 0;
  for (const [index, row] of rows.entries()) {
    const reject = rejectOf(row, lines[index] ?? row.line, file, schema);
    kept += row.row.length;
    rejects.push(kept > MOST_KEPT ? { ...reject, value: row.row.slice(0, SHORT_VALUE) } : reject);
    parsed += row.row.length;
    if (parsed < BREATH_CHARACTERS) continue;
    parsed = 0;
    await nextTurn();
  }
  return rejects;
}

async function linesOfRejected(
  { csv }: FileToLoad,
  rows: readonly RejectedRow[],
): Promise<readonly number[]> {
  if (csv.audit.isRegular) return rows.map(({ line }) => line);
  const offsets = rows.map(({ offset }) => offset);
  return (await csv.linesAtInTurns?.(offsets)) ?? csv.linesAt(offsets);
}

type RejectedRow = { line: number; offset: number; column: number; error: string; row: string };

/** Cells are read as text, so that a row is wrong as a whole, or not here. */
function rejectOf(rejected: RejectedRow, line: number, file: FileToLoad, schema: TableSchema): Reject {
  const { column, error, row } = rejected;
  const reason = (): string => {
    switch (error) {
      case 'MISSING COLUMNS':
      case 'TOO MANY COLUMNS':
        return reasons.wrongCount(
          cellsOf(row, schema)?.length ?? column,
          file.match.columns.length,
          schema.header,
        );
      case 'LINE SIZE OVER MAXIMUM':
        return reasons.tooLong;
      case 'UNQUOTED VALUE':
        return reasons.badQuote;
      case 'INVALID ENCODING':
        return reasons.badEncoding;
      default:
        return reasons.unreadable;
    }
  };
  return { fileId: file.fileId, line, column: undefined, value: row, reason: reason() };
}

/** Undefined where the text, which may be cut, does not tell. */
function cellsOf(row: string, { dialect }: TableSchema): string[] | undefined {
  if (row.length === reasons.MOST_OF_VALUE) return undefined;
  try {
    const records: string[][] = parse(row, {
      delimiter: dialect.delimiter,
      quote: dialect.quote,
      escape: dialect.quote,
      relax_column_count: true,
    });
    return records[0];
  } catch {
    return undefined;
  }
}
