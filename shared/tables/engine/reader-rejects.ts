import type { DuckDBConnection } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import type { FileToLoad, Reject, TableSchema } from '../contract.ts';
import { type RejectedRows, tooManyRejects } from './judge.ts';
import type { RejectTables } from './read-csv.ts';
import { dropTables } from './read-csv.ts';
import * as reasons from './reasons.ts';
import { ident } from './sql.ts';

/**
 * What DuckDB's reader rejected in the statement that has just run, for each file that has any; the tables are gone then. A row is in it
 * once, however many of its cells are bad.
 *
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
    `SELECT s.file_path, count(DISTINCT r.line_byte_position) ${from} GROUP BY ALL`,
  );
  const byPath = new Map(files.map((file) => [file.csv.readPath, file]));
  for (const [path, count] of counts.getRows()) {
    const file = byPath.get(String(path));
    if (file === undefined) throw new Error(`rejects of a file that was not read: ${path}`);
    const rows = Number(count);
    const isTooMany = rows > maxRejects;
    const rejects = await readRejects(connection, from, file, schema, isTooMany ? 'LIMIT 1' : '');
    if (isTooMany) throw tooManyRejects(file, schema, rows, maxRejects, rejects[0]);
    taken.set(file, { lines: [...new Set(rejects.map(({ line }) => line))], rows, rejects });
  }
  await connection.run(dropTables([tables.rejects, tables.scans]));
  return taken;
}

async function readRejects(
  connection: DuckDBConnection,
  from: string,
  file: FileToLoad,
  schema: TableSchema,
  limit: string,
): Promise<Reject[]> {
  const read = await connection.runAndReadAll(
    `SELECT r.line, r.line_byte_position, r.column_idx, r.error_type::VARCHAR, left(r.csv_line, ${reasons.MOST_OF_VALUE}) ${from} ` +
      `WHERE s.file_path = $1 ORDER BY r.line_byte_position, r.column_idx ${limit}`,
    [file.csv.readPath],
  );
  const cells = read.getRows().map(([line, position, column, error, row]): RejectedCell => {
    const text = row === null ? '' : String(row);
    // Blank lines before a row are part of it, and counted as lines, here.
    const content = text.replace(/^[\r\n]+/, '');
    const offset = Number(position) - 1 + (text.length - content.length);
    return { line: Number(line), offset, column: Number(column), error: String(error), row: content };
  });
  const rows = withoutConsequences(cells);
  const lines = file.csv.audit.isRegular
    ? rows.map(({ line }) => line)
    : file.csv.linesAt(rows.map(({ offset }) => offset));
  return rows.map((cell, index) => rejectOf(cell, lines[index] ?? cell.line, file, schema));
}

type RejectedCell = { line: number; offset: number; column: number; error: string; row: string };

/** Of a row that is wrong as a whole only that is told. */
function withoutConsequences(cells: readonly RejectedCell[]): RejectedCell[] {
  const whole = new Map<number, RejectedCell>();
  for (const cell of cells)
    if (cell.error !== 'CAST' && !whole.has(cell.offset)) whole.set(cell.offset, cell);
  return cells.filter((cell) => (whole.get(cell.offset) ?? cell) === cell);
}

function rejectOf(cell: RejectedCell, line: number, file: FileToLoad, schema: TableSchema): Reject {
  const cells = cellsOf(cell.row, schema);
  const columns = file.match.columns;
  if (cell.error === 'CAST') {
    const column = columns[cell.column - 1];
    const value = cells?.[cell.column - 1];
    return {
      fileId: file.fileId,
      line,
      column: column?.into ?? column?.name,
      value: value ?? cell.row,
      reason: reasons.notOfType(value, column?.type ?? 'value'),
    };
  }
  const reason = (): string => {
    switch (cell.error) {
      case 'MISSING COLUMNS':
      case 'TOO MANY COLUMNS':
        return reasons.wrongCount(cells?.length ?? cell.column, columns.length, schema.header);
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
  return { fileId: file.fileId, line, column: undefined, value: cell.row, reason: reason() };
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
