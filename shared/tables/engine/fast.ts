import type { FileLoad, FileToLoad, Reject } from '../contract.ts';
import { BundleError, isBundle } from './bundle.ts';
import { loadCarefully } from './careful.ts';
import { type LoadContext, placesOf, rulesOf } from './context.ts';
import { type FastCell, fastCellOf } from './fast-cells.ts';
import { assertFewRejects, joined, lostRows, type RejectedRows, rowsOf } from './judge.ts';
import { cell, dropTables, freshName, freshRejectTables, readCsv } from './read-csv.ts';
import { takeRejects } from './reader-rejects.ts';
import { ident } from './sql.ts';
import { consumeStage, outputsOf } from './stage.ts';
import { jointShapes, trustedCellOf } from './trusted-cells.ts';

/** What became of each file, and all that is wrong in them. */
export type Loaded = { files: FileLoad[]; rejects: Reject[] };

/**
 * Loads files whose columns are the same by one statement. A row in which a cell might become another value is left out by it: the count
 * tells that there are such rows, and only their files are read again, for these rows alone. So nothing that a statement finds
 * in a file makes it fail, and the transaction goes on.
 *
 * Columns whose cells look as the reader can be trusted with are read as what they are, others as text. What is not as it should be then is a
 * `BundleError`.
 *
 * With lineage by way of a temp table, one file at a time: which line a row has is known once it is known what was rejected before it.
 */
export async function loadFast(context: LoadContext, files: readonly FileToLoad[]): Promise<Loaded> {
  const { schema } = context;
  const [file] = files;
  if (file === undefined) return { files: [], rejects: [] };
  const cells = fastCellsOf(context, files);

  const sure = context.lineage
    ? await writeNumbered(context, file, cells)
    : await writeAtOnce(context, files, cells);
  let { written } = sure;
  const { rejected } = sure;

  const expected = files.reduce(
    (sum, each) => sum + rowsOf(each, schema) - (rejected.get(each)?.rows ?? 0),
    0,
  );
  const parts = new Map<FileToLoad, (RejectedRows | undefined)[]>(
    files.map((each) => [each, [rejected.get(each)]]),
  );
  let doubted = 0;
  if (written < expected)
    for (const doubtful of await filesInDoubt(context, files, cells)) {
      const more = await loadCarefully(context, doubtful, cells);
      written += more.rows;
      doubted += more.rejected.rows;
      parts.get(doubtful)?.push(more.rejected);
    }
  if (written + doubted !== expected) {
    await blame(context, files);
    if (cells.some((fast) => fast?.isTrusted === true)) throw new BundleError();
    throw new Error('rows were read that were not written, or the other way round');
  }
  return outcome(parts, context);
}

function outcome(
  parts: ReadonlyMap<FileToLoad, readonly (RejectedRows | undefined)[]>,
  context: LoadContext,
): { files: FileLoad[]; rejects: Reject[] } {
  const loads: FileLoad[] = [];
  const rejects: Reject[] = [];
  for (const [file, found] of parts) {
    const all = joined(found);
    // The files in a bundle are judged each by itself.
    if (!isBundle(file)) assertFewRejects(file, all, context);
    loads.push({ fileId: file.fileId, rows: rowsOf(file, context.schema) - all.rows, rejects: all.rows });
    for (const reject of all.rejects) rejects.push(reject);
  }
  return { files: loads, rejects };
}

function fastCellsOf(context: LoadContext, files: readonly FileToLoad[]): (FastCell | undefined)[] {
  const [file] = files;
  if (file === undefined) return [];
  const { schema } = context;
  const shapes = context.trustsShapes ? jointShapes(files) : undefined;
  return rulesOf(file, schema).map((column, index) => {
    if (column === undefined) return undefined;
    const { type, rule } = column;
    const shape = rule === undefined ? undefined : shapes?.[index];
    return (shape && trustedCellOf(type, shape, schema)) ?? fastCellOf(type, rule);
  });
}

const valueName = (index: number): string => ident(`v${index}`);

/** All rows that DuckDB can read, with their values and `is_sure`. */
function judgedRows(read: string, cells: readonly (FastCell | undefined)[]): string {
  const values: string[] = [];
  const sure: string[] = [];
  cells.forEach((fast, index) => {
    if (fast === undefined) return;
    values.push(`${fast.value(cell(index))} AS ${valueName(index)}`);
    if (fast.isSure !== undefined) sure.push(fast.isSure(cell(index), valueName(index)));
  });
  // A filter on what is volatile stays above the values, so that DuckDB works them out once and not twice.
  const isSure = sure.length === 0 ? 'true' : `(${sure.join(' AND ')} AND random() >= 0)`;
  return `(SELECT *, ${isSure} AS is_sure FROM (SELECT *, ${values.join(', ')} FROM ${read}))`;
}

type Written = { written: number; rejected: Map<FileToLoad, RejectedRows> };

async function writeAtOnce(
  context: LoadContext,
  files: readonly FileToLoad[],
  cells: readonly (FastCell | undefined)[],
): Promise<Written> {
  const { connection, schema } = context;
  const into = freshRejectTables();
  const paths = files.map(({ csv }) => csv.readPath);
  const places = files[0] === undefined ? [] : placesOf(files[0], schema);
  const rows = judgedRows(readCsv(paths, typesOf(cells), schema, { into }), cells);
  const written = await context.consume(
    `SELECT ${outputsOf(places, valueName)} FROM ${rows} WHERE is_sure`,
    places.map(({ name, type }) => ({ name, type })),
  );
  return { written, rejected: await takeRejects(connection, into, files, context) };
}

async function writeNumbered(
  context: LoadContext,
  file: FileToLoad,
  cells: readonly (FastCell | undefined)[],
): Promise<Written> {
  const { connection, schema } = context;
  const into = freshRejectTables();
  const stage = freshName('stage');
  const read = readCsv([file.csv.readPath], typesOf(cells), schema, { into });
  const values = cells.flatMap((fast, index) => (fast === undefined ? [] : [valueName(index)]));
  await connection.run(
    `CREATE TEMP TABLE ${ident(stage)} AS SELECT n, ${values.join(', ')}
     FROM ${judgedRows(`(SELECT *, row_number() OVER () AS n FROM ${read})`, cells)} WHERE is_sure`,
  );
  const rejected = await takeRejects(connection, into, [file], context);
  const rejectedLines = rejected.get(file)?.lines ?? [];
  const written = await consumeStage(
    context,
    { file, header: schema.header, rejectedLines },
    stage,
    valueName,
  );
  await connection.run(dropTables([stage]));
  return { written, rejected };
}

const typesOf = (cells: readonly (FastCell | undefined)[]): string[] =>
  cells.map((fast) => fast?.readAs ?? 'VARCHAR');

/** Those that may have rows that were left out. */
async function filesInDoubt(
  { connection, schema }: LoadContext,
  files: readonly FileToLoad[],
  cells: readonly (FastCell | undefined)[],
): Promise<FileToLoad[]> {
  if (files.length === 1) return [...files];
  const paths = files.map(({ csv }) => csv.readPath);
  // Where errors are ignored instead, what follows one may be read otherwise.
  const into = freshRejectTables();
  const read = readCsv(paths, typesOf(cells), schema, { into, withPath: true });
  const found = await connection.runAndReadAll(
    `SELECT DISTINCT filename FROM ${judgedRows(read, cells)} WHERE NOT is_sure`,
  );
  await connection.run(dropTables([into.rejects, into.scans]));
  const doubtful = new Set(found.getRows().map(([path]) => String(path)));
  return files.filter(({ csv }) => doubtful.has(csv.readPath));
}

/** The counts of a group do not agree: finds the file whose own do not. @throws FileFaultError `load.lost-rows` of it */
async function blame({ connection, schema }: LoadContext, files: readonly FileToLoad[]): Promise<void> {
  for (const file of files) {
    const into = freshRejectTables();
    const types = file.match.columns.map(() => 'VARCHAR');
    const all = types.map((_, index) => cell(index)).join(', ');
    const read = await connection.runAndReadAll(
      `SELECT count(n) FROM (SELECT ${all}, row_number() OVER () AS n FROM ${readCsv([file.csv.readPath], types, schema, { into })})`,
    );
    const rejected = await connection.runAndReadAll(
      `SELECT count(DISTINCT line_byte_position) FROM temp.${ident(into.rejects)}`,
    );
    await connection.run(dropTables([into.rejects, into.scans]));
    const found = Number(read.getRows()[0]?.[0]) + Number(rejected.getRows()[0]?.[0]);
    if (found !== rowsOf(file, schema)) throw lostRows(file, schema, found);
  }
}
