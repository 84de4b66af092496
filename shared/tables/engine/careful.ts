import type { FileToLoad } from '../contract.ts';
import { type LoadContext, rulesOf } from './context.ts';
import { type FastCell, isSureOfText } from './fast-cells.ts';
import { takeInvalid } from './invalid-cells.ts';
import type { RejectedRows } from './judge.ts';
import type { RowNumbering } from './lines.ts';
import { cell, dropTables, freshName, freshRejectTables, readCsv } from './read-csv.ts';
import { takeRejects } from './reader-rejects.ts';
import { ident } from './sql.ts';
import { consumeStage } from './stage.ts';

type Rules = ReturnType<typeof rulesOf>;

/**
 * Loads those rows of a file that the fast way left out, by way of a temp table of text, in which each cell is judged by the rule of its
 * type. What it needs for scratch is as large as these rows.
 *
 * @param except how cells were read there: rows that were sure by that were loaded, and those that it could not read rejected
 * @returns how many rows were written, and what was rejected here
 */
export async function loadCarefully(
  context: LoadContext,
  file: FileToLoad,
  except: readonly (FastCell | undefined)[],
): Promise<{ rows: number; rejected: RejectedRows }> {
  const { connection, schema } = context;
  const rules = rulesOf(file, schema);
  const stage = freshName('stage');
  const rejectedLines = await fillStage(context, file, stage, rules, except);
  const numbering: RowNumbering = { file, header: schema.header, rejectedLines };
  const rejected = await takeInvalid(context, numbering, stage, rules);
  const rows = await consumeStage(context, numbering, stage, (index) => textValue(rules, index));
  await connection.run(dropTables([stage]));
  return { rows, rejected };
}

/** @returns the lines of rows that have no number in the stage, because DuckDB could not read them */
async function fillStage(
  context: LoadContext,
  file: FileToLoad,
  stage: string,
  rules: Rules,
  except: readonly (FastCell | undefined)[],
): Promise<number[]> {
  const { connection, schema } = context;
  const into = freshRejectTables();
  const types = rules.map((column) =>
    column === undefined || column.rule !== undefined ? 'VARCHAR' : column.type,
  );
  const used = rules.flatMap((column, index) => (column === undefined ? [] : [cell(index)]));
  const read = readCsv([file.csv.readPath], types, schema, { into });
  await connection.run(
    `CREATE TEMP TABLE ${ident(stage)} AS SELECT n, ${used.join(', ')} FROM (SELECT *, row_number() OVER () AS n FROM ${read}) WHERE ${isUnsure(except)}`,
  );
  const rejected = await takeRejects(connection, into, [file], context);
  return rejected.get(file)?.lines ?? [];
}

/** Of a row of text: that it was left out by the fast way. */
function isUnsure(cells: readonly (FastCell | undefined)[]): string {
  const sure: string[] = ['true'];
  cells.forEach((fast, index) => {
    const isSure = fast && isSureOfText(fast, cell(index));
    if (isSure !== undefined) sure.push(isSure);
  });
  return `NOT (${sure.join(' AND ')})`;
}

const textValue = (rules: Rules, index: number): string =>
  rules[index]?.rule?.value(cell(index)) ?? cell(index);
