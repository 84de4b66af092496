import type { FileToLoad } from '../contract.ts';
import type { CellRule } from './cell-rules.ts';
import type { LoadContext } from './context.ts';
import { hasSizes, type NumberSize } from './fast-cells.ts';
import { cell, readCsv } from './read-csv.ts';

/** Below this the look costs more than it saves. */
const WORTH_BYTES = 4 * 1024 * 1024;
const SAMPLE_ROWS = 2048;

/** How large the numbers in wide integer columns are, by the first rows of the last file: a guess, on which only speed depends. */
export async function sizesOf(
  { connection, schema }: LoadContext,
  files: readonly FileToLoad[],
  rules: readonly ({ type: string; rule: CellRule | undefined } | undefined)[],
): Promise<Map<number, NumberSize>> {
  const sizes = new Map<number, NumberSize>();
  const indexes = rules.flatMap((column, index) =>
    column !== undefined && hasSizes(column.type) ? [index] : [],
  );
  const last = files.at(-1);
  const bytes = files.reduce((sum, { csv }) => sum + csv.sizeBytes, 0);
  if (last === undefined || indexes.length === 0 || bytes < WORTH_BYTES) return sizes;

  const read = readCsv(
    [last.csv.readPath],
    rules.map(() => 'VARCHAR'),
    schema,
    {},
  );
  const largest = indexes.map((index) => `max(abs(TRY_CAST(${cell(index)} AS DOUBLE)))`);
  const found = await connection.runAndReadAll(
    `SELECT ${largest.join(', ')} FROM (SELECT * FROM ${read} LIMIT ${SAMPLE_ROWS})`,
  );
  const row = found.getRows()[0] ?? [];
  indexes.forEach((index, nth) => {
    sizes.set(index, sizeOf(Number(row[nth] ?? 0)));
  });
  return sizes;
}

/** Numbers in a column grow: those near a limit may pass it. */
const sizeOf = (largest: number): NumberSize =>
  largest < 2 ** 30 ? 'small' : largest < 2 ** 52 ? 'wide' : 'exact';
