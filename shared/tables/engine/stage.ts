import { LINEAGE, type LoadContext, type Placed, placesOf } from './context.ts';
import { lineChunks, type RowNumbering } from './lines.ts';
import { dropTables, freshName } from './read-csv.ts';
import { ident } from './sql.ts';

/**
 * Gives all rows of a stage to `consume`: a temp table with the number of each row, `n`, and the columns that `value` reads.
 *
 * @returns how many there were
 * @throws Error where not as many were written
 */
export async function consumeStage(
  context: LoadContext,
  numbering: RowNumbering,
  stage: string,
  value: (index: number) => string,
): Promise<number> {
  const { connection, schema, lineage } = context;
  const { file } = numbering;
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM temp.${ident(stage)}`);
  const rows = Number(counted.getRows()[0]?.[0]);
  if (rows === 0) return 0;
  const { source, line, tables } = await addLines(context, numbering, stage);
  const places = placesOf(file, schema);
  const lines = lineage ? `, ${file.fileId}::BIGINT AS _file_id, ${line}::BIGINT AS _line` : '';
  const written = await context.consume(`SELECT ${outputsOf(places, value)}${lines} FROM ${source}`, [
    ...places.map(({ name, type }) => ({ name, type })),
    ...(lineage ? LINEAGE : []),
  ]);
  if (written !== rows) throw new Error(`${rows} rows were read, but ${written} written`);
  if (tables.length > 0) await connection.run(dropTables(tables));
  return rows;
}

/** The columns of the table; `value` is the SQL of the file's nth column. */
export const outputsOf = (places: readonly Placed[], value: (index: number) => string): string =>
  places
    .map(
      ({ name, type, index }) =>
        `CAST(${index === undefined ? 'NULL' : value(index)} AS ${type}) AS ${ident(name)}`,
    )
    .join(', ');

/** The stage with the line of each row, as SQL, and the temp tables that this needs. */
type WithLines = { source: string; line: string; tables: string[] };

/** Of a file whose rows are each one line, only what rejects shift is written down; of others the line of every row. */
async function addLines(context: LoadContext, numbering: RowNumbering, stage: string): Promise<WithLines> {
  const { file, header, rejectedLines } = numbering;
  const staged = `temp.${ident(stage)} s`;
  const offset = header ? 1 : 0;
  if (!context.lineage || (file.csv.audit.isRegular && rejectedLines.length === 0))
    return { source: staged, line: `(s.n + ${offset})`, tables: [] };
  const table = freshName('lines');
  await context.connection.run(`CREATE TEMP TABLE ${ident(table)} (n BIGINT, line BIGINT)`);
  if (file.csv.audit.isRegular) {
    const shifts = rejectedLines.map((line, nth): [number, number] => [line - offset - nth - 1, nth + 1]);
    await append(context, table, [shifts]);
    return {
      source: `${staged} ASOF LEFT JOIN temp.${ident(table)} l ON s.n > l.n`,
      line: `(s.n + ${offset} + coalesce(l.line, 0))`,
      tables: [table],
    };
  }
  await append(context, table, numbered(lineChunks(numbering)));
  return { source: `${staged} JOIN temp.${ident(table)} l ON s.n = l.n`, line: 'l.line', tables: [table] };
}

async function* numbered(chunks: AsyncIterable<number[]>): AsyncGenerator<[number, number][]> {
  let n = 0;
  for await (const chunk of chunks) {
    yield chunk.map((line) => {
      n += 1;
      return [n, line];
    });
  }
}

async function append(
  { connection }: LoadContext,
  table: string,
  parts: AsyncIterable<[number, number][]> | Iterable<[number, number][]>,
): Promise<void> {
  const appender = await connection.createAppender(table, 'main', 'temp');
  try {
    for await (const rows of parts)
      for (const [n, line] of rows) {
        appender.appendBigInt(BigInt(n));
        appender.appendBigInt(BigInt(line));
        appender.endRow();
      }
  } finally {
    appender.closeSync();
  }
}
