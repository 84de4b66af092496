import type { Reject } from '../contract.ts';
import { mostRejects } from './bundle.ts';
import type { CellRule } from './cell-rules.ts';
import type { LoadContext, rulesOf } from './context.ts';
import { type RejectedRows, tooManyRejects } from './judge.ts';
import { linesOfRows, type RowNumbering } from './lines.ts';
import { cell, dropTables, freshName } from './read-csv.ts';
import * as reasons from './reasons.ts';
import { ident } from './sql.ts';

/** Columns that one statement judges: the time that DuckDB takes to plan it grows with their square. */
const MOST_JUDGED = 100;

/** A row with more wrong cells than these has one reject more, which says how many. */
const MOST_TOLD_OF_ROW = 20;

/** Once so many cells of a file are told, one of each row is, and once they have so many bytes together, only the beginnings of others. */
const MOST_TOLD = 2000;
const MOST_TOLD_BYTES = 4 * 1024 * 1024;
const SHORT_VALUE = 100;

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
  await connection.run(`CREATE TEMP TABLE ${ident(invalid)} (n BIGINT, judged INTEGER, value VARCHAR)`);
  for (let first = 0; first < judged.length; first += MOST_JUDGED) {
    const cells = judged
      .slice(first, first + MOST_JUDGED)
      .map(({ index, rule }) => wrongCell(cell(index), rule));
    await connection.run(
      `INSERT INTO ${table} SELECT * FROM
       (SELECT n, ${first} + unnest(range(len(cells))) AS judged, unnest(cells) AS value FROM
        (SELECT * FROM (SELECT n, [${cells.join(', ')}] AS cells FROM temp.${ident(stage)}) WHERE list_aggregate(cells, 'count') > 0))
       WHERE value IS NOT NULL`,
    );
  }
  const counted = await connection.runAndReadAll(`SELECT count(DISTINCT n) FROM ${table}`);
  const rows = Number(counted.getRows()[0]?.[0]);
  const isTooMany = rows > mostRejects(file, maxRejects);
  const found = await connection.runAndReadAll(toldOf(table, isTooMany ? 'LIMIT 1' : ''));
  const read = found.getRows();
  const numbers = [...new Set(read.map(([n]) => Number(n)))];
  const lines = await linesOfRows(numbering, numbers);
  const lineOf = new Map(numbers.map((n, nth) => [n, lines[nth] ?? 0]));
  const rejects = read.flatMap(([n, nth, text, left]): Reject[] => {
    const column = judged[Number(nth)];
    if (column === undefined) throw new Error('a cell of no column is wrong');
    const of = { fileId: file.fileId, line: lineOf.get(Number(n)) ?? 0 };
    const value = String(text);
    const reject: Reject = {
      ...of,
      column: file.match.columns[column.index]?.into,
      value,
      reason: reasons.notOfType(value, column.type),
    };
    const more = Number(left);
    if (more === 0) return [reject];
    return [reject, { ...of, column: undefined, value: undefined, reason: reasons.moreCells(more) }];
  });
  if (isTooMany) throw tooManyRejects(file, schema, rows, maxRejects, rejects[0]);
  if (rows > 0) await connection.run(`DELETE FROM temp.${ident(stage)} WHERE n IN (SELECT n FROM ${table})`);
  await connection.run(dropTables([invalid]));
  return { lines, rows, rejects };
}

/** NULL where the cell is right, or NULL itself. */
const wrongCell = (name: string, rule: CellRule): string =>
  `CASE WHEN ${name} IS NOT NULL AND NOT ${rule.isValid(name)} THEN left(${name}, ${reasons.MOST_OF_VALUE}) END`;

/** The rejects of rows in their order: row, column, value, and with the last that is told of a row how many there are besides. */
const toldOf = (table: string, limit: string): string =>
  `SELECT n, judged, CASE WHEN sum(strlen(value)) OVER (ORDER BY n, judged) > ${MOST_TOLD_BYTES} THEN left(value, ${SHORT_VALUE}) ELSE value END,
     CASE WHEN row_number() OVER (PARTITION BY n ORDER BY judged DESC) = 1 THEN wrong - count(*) OVER (PARTITION BY n) ELSE 0 END
   FROM (SELECT *, row_number() OVER (PARTITION BY n ORDER BY judged) AS nth, count(*) OVER (PARTITION BY n) AS wrong,
           row_number() OVER (ORDER BY n, judged) AS of_all FROM ${table})
   WHERE nth = 1 OR (nth <= ${MOST_TOLD_OF_ROW} AND of_all <= ${MOST_TOLD})
   ORDER BY n, judged ${limit}`;
