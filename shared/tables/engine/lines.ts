import type { FileToLoad } from '../contract.ts';

/** Where the rows are that DuckDB numbers: those of the file without the ones that it rejected. */
export type RowNumbering = {
  file: FileToLoad;
  header: boolean;
  /** The first lines of rejected rows, ascending. */
  rejectedLines: readonly number[];
};

/** The lines of these rows, numbered from 1, ascending. */
export async function linesOfRows(numbering: RowNumbering, rows: readonly number[]): Promise<number[]> {
  const { file, header, rejectedLines } = numbering;
  const offset = header ? 1 : 0;
  if (rows.length === 0) return [];
  if (file.csv.audit.isRegular) return regularLines(rows, offset, rejectedLines);
  const lines: number[] = [];
  let first = 1;
  for await (const chunk of lineChunks(numbering)) {
    for (
      let row = rows[lines.length];
      row !== undefined && row < first + chunk.length;
      row = rows[lines.length]
    )
      lines.push(chunk[row - first] ?? 0);
    first += chunk.length;
    if (lines.length === rows.length) break;
  }
  return lines;
}

/** A row is as many lines further down as rejected ones come before it. */
function regularLines(rows: readonly number[], offset: number, rejectedLines: readonly number[]): number[] {
  let before = 0;
  return rows.map((row) => {
    for (
      let line = rejectedLines[before];
      line !== undefined && line <= row + offset + before;
      line = rejectedLines[before]
    )
      before += 1;
    return row + offset + before;
  });
}

/** The lines of all rows, in order; other things have their turn between chunks. The file is read once. */
export async function* lineChunks({
  file,
  header,
  rejectedLines,
}: RowNumbering): AsyncGenerator<number[], void, undefined> {
  const rejected = new Set(rejectedLines);
  let isHeader = header;
  for await (const chunk of recordLines(file)) {
    const lines = isHeader ? chunk.slice(1) : chunk;
    if (chunk.length > 0) isHeader = false;
    yield rejected.size === 0 ? lines : lines.filter((line) => !rejected.has(line));
  }
}

function recordLines({ csv }: FileToLoad): AsyncIterable<number[]> | Iterable<number[]> {
  if (csv.recordLines !== undefined) return csv.recordLines();
  return [csv.linesOf(Array.from({ length: csv.audit.records }, (_, index) => index + 1))];
}
