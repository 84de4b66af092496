import type { FileToLoad } from '../contract.ts';

/** Where the rows are that DuckDB numbers: those of the file without the ones that it rejected. */
export type RowNumbering = {
  file: FileToLoad;
  header: boolean;
  /** The first lines of rejected rows, ascending. */
  rejectedLines: readonly number[];
};

/** The lines of these rows, numbered from 1, ascending. */
export function linesOfRows(numbering: RowNumbering, rows: readonly number[]): number[] {
  const { file, header, rejectedLines } = numbering;
  const offset = header ? 1 : 0;
  if (rows.length === 0) return [];
  if (file.csv.audit.isRegular) return regularLines(rows, offset, rejectedLines);
  if (rejectedLines.length === 0) return file.csv.linesOf(rows.map((row) => row + offset));
  const lines: number[] = [];
  let first = 1;
  for (const chunk of lineChunks(numbering)) {
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

/** Each chunk is held in memory, and reads an irregular file once. */
const CHUNK_RECORDS = 2_000_000;

/** The lines of all rows, in order. */
export function* lineChunks({ file, header, rejectedLines }: RowNumbering): Generator<number[]> {
  const { records } = file.csv.audit;
  const rejected = new Set(rejectedLines);
  for (let first = header ? 2 : 1; first <= records; first += CHUNK_RECORDS) {
    const length = Math.min(CHUNK_RECORDS, records - first + 1);
    const lines = file.csv.linesOf(Array.from({ length }, (_, index) => first + index));
    yield rejected.size === 0 ? lines : lines.filter((line) => !rejected.has(line));
  }
}
