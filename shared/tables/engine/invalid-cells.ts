import type { Reject } from '../contract.ts';
import type { CellRule } from './cell-rules.ts';
import type { LoadContext, rulesOf } from './context.ts';
import { type RejectedRows, tooManyRejects } from './judge.ts';
import { linesOfRows, type RowNumbering } from './lines.ts';
import { cell, dropTables, freshName } from './read-csv.ts';
import * as reasons from './reasons.ts';
import { ident } from './sql.ts';

/** Columns that one statement judges: the time that DuckDB takes to plan it grows with their square. */
const MOST_JUDGED = 100;

/**
 * Removes from a stage, a temp table of text with the number of each row, the rows with cells that are no values of their types.
 *
 * @throws FileFaultError `load.rejects` where there are too many, before they are read
 */
export async function takeInvalid(
  { connection, schema, maxRejects }: LoadContext,
  numbering: RowNumbering,
  stage: string,
  rules: ReturnType<typeof rulesOf>,
): Promise<RejectedRows> {
  const { file } = numbering;
  const judged = rules.flatMap((column, index) =>
    column?.rule === undefined ? [] : [{ index, type: column.type, rule: column.rule }],
  );
  const invalid = freshName('invalid');
  const table = `temp.${ident(invalid)}`;
  await connection.run(`CREATE TEMP TABLE ${ident(invalid)} (n BIGINT, first INTEGER, cells VARCHAR[])`);
  for (let first = 0; first < judged.length; first += MOST_JUDGED) {
    const cells = judged
      .slice(first, first + MOST_JUDGED)
      .map(({ index, rule }) => wrongCell(cell(index), rule));
    await connection.run(
      `INSERT INTO ${table} SELECT * FROM (SELECT n, ${first}, [${cells.join(', ')}] AS cells FROM temp.${ident(stage)})
       WHERE list_aggregate(cells, 'count') > 0`,
    );
  }
  const counted = await connection.runAndReadAll(`SELECT count(DISTINCT n) FROM ${table}`);
  const rows = Number(counted.getRows()[0]?.[0]);
  const isTooMany = rows > maxRejects;
  const found = await connection.runAndReadAll(
    `SELECT n, first, cells FROM ${table} ORDER BY n, first ${isTooMany ? 'LIMIT 1' : ''}`,
  );
  const read = found.getRowsJS();
  const numbers = [...new Set(read.map(([n]) => Number(n)))];
  const lines = linesOfRows(numbering, numbers);
  const lineOf = new Map(numbers.map((n, nth) => [n, lines[nth] ?? 0]));
  const rejects = read.flatMap(([n, first, cells]): Reject[] => {
    if (!Array.isArray(cells)) throw new Error('a list was expected');
    return cells.flatMap((value: unknown, nth): Reject[] => {
      const column = judged[Number(first) + nth];
      if (typeof value !== 'string' || column === undefined) return [];
      return [
        {
          fileId: file.fileId,
          line: lineOf.get(Number(n)) ?? 0,
          column: file.match.columns[column.index]?.into,
          value,
          reason: reasons.notOfType(value, column.type),
        },
      ];
    });
  });
  if (isTooMany) throw tooManyRejects(file, schema, rows, maxRejects, rejects[0]);
  if (rows > 0) await connection.run(`DELETE FROM temp.${ident(stage)} WHERE n IN (SELECT n FROM ${table})`);
  await connection.run(dropTables([invalid]));
  return { lines, rows, rejects };
}

/** NULL where the cell is right, or NULL itself. */
const wrongCell = (name: string, rule: CellRule): string =>
  `CASE WHEN ${name} IS NOT NULL AND NOT ${rule.isValid(name)} THEN left(${name}, ${reasons.MOST_OF_VALUE}) END`;
