import type { Column, FileToLoad, Reject } from '../contract.ts';
import { LINEAGE, type LoadContext, placesOf } from './context.ts';
import { type Loaded, loadFast } from './fast.ts';
import { nameKey } from './header.ts';
import { assertFewRejects, joined, type RejectedRows, tooManyRejects } from './judge.ts';
import { dropTables, freshName } from './read-csv.ts';
import { MOST_OF_VALUE } from './reasons.ts';
import { ident } from './sql.ts';

/**
 * Loads files whose rows have keys: each by way of a temp table. A row whose key is NULL in part, or is that of an earlier row of these
 * files, is a reject. What the table has already is not looked at. Needs scratch for one file and the keys of all.
 */
export async function loadKeyed(context: LoadContext, files: readonly FileToLoad[]): Promise<Loaded> {
  const { connection, schema } = context;
  const seen = freshName('keys');
  const keyTypes = schema.key.map((name) => columnOfKey(name, context).type);
  const keyColumns = keyTypes.map((type, index) => `k${index} ${type}`);
  await connection.run(
    `CREATE TEMP TABLE ${ident(seen)} (${keyColumns.join(', ')}, file_id BIGINT, line BIGINT)`,
  );
  const all: Loaded = { files: [], rejects: [] };
  for (const file of files) {
    const { load, rejects } = await loadOne(context, file, seen, files);
    all.files.push(load);
    for (const reject of rejects) all.rejects.push(reject);
  }
  await connection.run(dropTables([seen]));
  return all;
}

async function loadOne(
  context: LoadContext,
  file: FileToLoad,
  seen: string,
  files: readonly FileToLoad[],
): Promise<{ load: Loaded['files'][number]; rejects: Reject[] }> {
  const { connection, schema, lineage } = context;
  const places = placesOf(file, schema);
  const whole = freshName('whole');
  const table = `temp.${ident(whole)}`;
  const columns = places.map(({ type }, index) => `w${index} ${type}`);
  await connection.run(
    `CREATE TEMP TABLE ${ident(whole)} (${columns.join(', ')}, file_id BIGINT, line BIGINT)`,
  );
  const intoWhole = async (select: string): Promise<number> =>
    (await connection.run(`INSERT INTO ${table} ${select}`)).rowsChanged;
  const read = await loadFast({ ...context, lineage: true, consume: intoWhole }, [file]);

  const keys = schema.key.map(
    (name) => `w${places.findIndex((place) => place.name === columnOfKey(name, context).name)}`,
  );
  const clashing = await takeClashing(context, { file, files, table, keys, seen });
  const [before] = read.files;
  const rejected = joined([{ lines: [], rows: before?.rejects ?? 0, rejects: read.rejects }, clashing]);
  assertFewRejects(file, rejected, context);
  const rows = (before?.rows ?? 0) - clashing.rows;
  const outputs = places.map(({ name }, index) => `w${index} AS ${ident(name)}`);
  const lines = lineage ? ['file_id AS _file_id', 'line AS _line'] : [];
  const written = await context.consume(`SELECT ${[...outputs, ...lines].join(', ')} FROM ${table}`, [
    ...places.map(({ name, type }) => ({ name, type })),
    ...(lineage ? LINEAGE : []),
  ]);
  if (written !== rows) throw new Error(`${rows} rows were read, but ${written} written`);
  await connection.run(dropTables([whole]));
  return {
    load: { fileId: file.fileId, rows, rejects: rejected.rows },
    rejects: rejected.rejects,
  };
}

/** The one with just this name, else one that is like it. */
function columnOfKey(name: string, { schema }: LoadContext): Column {
  const column =
    schema.columns.find((each) => each.name === name) ??
    schema.columns.find((each) => nameKey(each.name) === nameKey(name));
  if (column === undefined) throw new Error(`the schema has no key column ${name}`);
  return column;
}

type Clash = {
  file: FileToLoad;
  files: readonly FileToLoad[];
  /** Its rows; the columns that are the key. */
  table: string;
  keys: readonly string[];
  seen: string;
};

/** Removes the rows from the table; the keys of the others are seen then. */
async function takeClashing(
  { connection, schema, maxRejects }: LoadContext,
  { file, files, table, keys, seen }: Clash,
): Promise<RejectedRows> {
  const judged = freshName('judged');
  const numbered = keys.map((key, index) => `${key} AS k${index}`).join(', ');
  const names = keys.map((_, index) => `k${index}`);
  const isSame = names.map((name) => `t.${name} = e.${name}`).join(' AND ');
  const isNull = names.map((name) => `t.${name} IS NULL`).join(' OR ');
  await connection.run(
    `CREATE TEMP TABLE ${ident(judged)} AS
     SELECT t.*, (${isNull}) AS is_null, coalesce(e.line, CASE WHEN t.first < t.line THEN t.first END) AS of_line, e.file_id AS of_file
     FROM (SELECT line, ${numbered}, min(line) OVER (PARTITION BY ${keys.join(', ')}) AS first FROM ${table}) t
     LEFT JOIN temp.${ident(seen)} e ON ${isSame}`,
  );
  const bad = `FROM temp.${ident(judged)} WHERE is_null OR of_line IS NOT NULL`;
  const counted = await connection.runAndReadAll(`SELECT count(*) ${bad}`);
  const rows = Number(counted.getRows()[0]?.[0]);
  const isTooMany = rows > maxRejects;
  const value = `concat_ws(', ', ${names.map((name) => `coalesce(${name}::VARCHAR, 'NULL')`).join(', ')})`;
  const found = await connection.runAndReadAll(
    `SELECT line, is_null, of_line, of_file, left(${value}, ${MOST_OF_VALUE}) ${bad} ORDER BY line ${isTooMany ? 'LIMIT 1' : ''}`,
  );
  const key = schema.key.join(', ');
  const rejects = found.getRows().map(([line, isPartial, ofLine, ofFile, text]): Reject => {
    const other = ofFile === null ? undefined : files.find(({ fileId }) => fileId === Number(ofFile));
    return {
      fileId: file.fileId,
      line: Number(line),
      column: schema.key.length === 1 ? schema.key[0] : undefined,
      value: String(text),
      reason:
        isPartial === true
          ? `the key (${key}) has no value`
          : `the key (${key}) is in line ${ofLine}${other === undefined ? '' : ` of ${other.name}`} already`,
    };
  });
  if (isTooMany) throw tooManyRejects(file, schema, rows, maxRejects, rejects[0]);
  if (rows > 0) await connection.run(`DELETE FROM ${table} WHERE line IN (SELECT line ${bad})`);
  await connection.run(
    `INSERT INTO temp.${ident(seen)} SELECT ${names.join(', ')}, ${file.fileId}, line FROM temp.${ident(judged)} WHERE NOT is_null AND of_line IS NULL; ${dropTables([judged])}`,
  );
  return { lines: rejects.map(({ line }) => line), rows, rejects };
}
