import { accessSync, closeSync, constants, fsyncSync, openSync, renameSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { fromText, join, toBytes } from '../../fs/byte-path.ts';
import { fsyncDirectory, makeDirectoryDurable } from '../../fs/durable.ts';
import type { Column, FileLoad, FileToLoad } from '../contract.ts';
import { loadRows } from '../engine/load-rows.ts';
import { ident, text } from '../engine/sql.ts';
import type { Plan } from '../publications.ts';
import { appendRejects, REJECT_COLUMNS } from './duckdb-rejects.ts';
import { asDuckDBWritesThem, LINEAGE_COLUMNS, unique } from './duckdb-table.ts';
import {
  dataDirectory,
  literally,
  moveOf,
  pathBelow,
  rejectsDirectory,
  temporaryName,
  unfit,
} from './parquet-layout.ts';
import type { Load } from './target.ts';

/** The files of one task, which become one file of data. */
export type Group = { taskId: number; ingestDate: string; files: readonly FileToLoad[] };

/** What is to be published of a group. */
export type Written = Group & { plan: Plan; loaded: FileLoad[] };

type WriteOptions = {
  connection: DuckDBConnection;
  directory: string;
  nowMs: number;
  /** Eight hex digits that no other attempt has. */
  random(): string;
};

/**
 * Writes the rows and the rejects of a group to temporary files. When this returns they are on disk, and nobody sees them. There is a file of
 * data also where there are no rows: that it has its name tells that the group is published.
 */
export async function writeGroup(options: WriteOptions, load: Load, group: Group): Promise<Written> {
  const { connection, directory, nowMs } = options;
  const { taskId, ingestDate, files } = group;
  const random = options.random();
  const data = moveOf(dataDirectory(load.table), taskId, ingestDate, random);
  const rejectsMove = moveOf(rejectsDirectory(load.table), taskId, ingestDate, random);
  const root = fromText(directory);
  makeDirectoryDurable(root, join(root, fromText(dataDirectory(load.table))));
  // Of what DuckDB cannot write it does not say the errno.
  accessSync(`${directory}/${dataDirectory(load.table)}`, constants.W_OK);
  await assertTypes(connection, load, files);
  // For the temporary tables alone, which go with it.
  await connection.run('BEGIN TRANSACTION');
  try {
    const { loaded, rejects } = await writeRows(options, load, group, data.from);
    if (rejects.length > 0) {
      makeDirectoryDurable(root, join(root, fromText(rejectsDirectory(load.table))));
      await connection.run(`CREATE TEMP TABLE ${ident(REJECTS)} (${REJECT_COLUMNS})`);
      await appendRejects(
        connection,
        { database: 'temp', table: REJECTS },
        { table: load.table, files, rejects, nowMs },
      );
      await copyTo(options, `FROM temp.main.${ident(REJECTS)}`, rejectsMove.from, group);
    }
    const plan: Plan = {
      target: directory,
      table: load.table,
      data,
      rejects: rejects.length > 0 ? rejectsMove : undefined,
    };
    for (const move of [plan.rejects, plan.data]) {
      if (move !== undefined) fsyncFile(pathBelow(directory, move.from));
    }
    fsyncDirectory(join(root, fromText(dataDirectory(load.table))));
    return { ...group, plan, loaded };
  } finally {
    await connection.run('ROLLBACK');
  }
}

const REJECTS = 'wharfinger_rejected';
const REST = 'wharfinger_rest';

/** One statement writes one file. What comes after the first waits in a table; with none, there is still a file. */
async function writeRows(options: WriteOptions, load: Load, group: Group, into: string) {
  const { connection, directory } = options;
  let queries = 0;
  const { files: loaded, rejects } = await loadRows(
    connection,
    { ...load, files: group.files },
    async (select, columns) => {
      queries += 1;
      // A file says its types itself: they must be the table's in each.
      const cells = columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
      const rows = `SELECT ${cells.join(', ')} FROM (${select})`;
      if (queries === 1) return copyTo(options, rows, into, group);
      if (queries === 2) await connection.run(`CREATE TEMP TABLE ${ident(REST)} (${definitionsOf(columns)})`);
      return (await connection.run(`INSERT INTO temp.main.${ident(REST)} BY NAME ${rows}`)).rowsChanged;
    },
  );
  if (queries === 0) {
    const columns = columnsOf(load, group.files).map(nothingOf).join(', ');
    await copyTo(options, `SELECT ${columns} WHERE false`, into, group);
  }
  if (queries > 1) {
    const whole = `${dataDirectory(load.table)}/${temporaryName(group.taskId, options.random())}`;
    const first = `read_parquet(${text(literally(`${directory}/${into}`))}, hive_partitioning = false)`;
    await copyTo(options, `FROM ${first} UNION ALL BY NAME FROM temp.main.${ident(REST)}`, whole, group);
    renameSync(toBytes(pathBelow(directory, whole)), toBytes(pathBelow(directory, into)));
  }
  return { loaded, rejects };
}

const definitionsOf = (columns: readonly Column[]): string =>
  columns.map(({ name, type }) => `${ident(name)} ${type}`).join(', ');

/** Snappy is what every reader of Parquet has had from its beginning. */
async function copyTo(
  { connection, directory }: WriteOptions,
  select: string,
  path: string,
  { taskId, files }: Group,
): Promise<number> {
  const about = {
    task: taskId,
    files: files.map(({ fileId, csv }) => ({ id: fileId, sha256: csv.audit.sha256 })),
  };
  const result = await connection.run(
    `COPY (${select}) TO ${text(`${directory}/${path}`)} (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false,
      KV_METADATA {wharfinger: ${text(JSON.stringify(about))}})`,
  );
  return result.rowsChanged;
}

const columnsOf = ({ schema, lineage }: Load, files: readonly FileToLoad[]): Column[] =>
  unique([
    ...schema.columns,
    ...files.flatMap(({ match }) => match.added),
    ...(lineage ? LINEAGE_COLUMNS : []),
  ]);

const nothingOf = ({ name, type }: Column): string => `CAST(NULL AS ${type}) AS ${ident(name)}`;

/** DuckDB writes these as something less: a HUGEINT as a DOUBLE, an INTERVAL in milliseconds, a TIMETZ without its offset. */
const LESS_IN_PARQUET = /HUGEINT|INTERVAL|TIME WITH TIME ZONE/;

async function assertTypes(
  connection: DuckDBConnection,
  load: Load,
  files: readonly FileToLoad[],
): Promise<void> {
  const columns = columnsOf(load, files);
  const written = await asDuckDBWritesThem(connection, columns);
  const lesser = columns.find(({ type }) => LESS_IN_PARQUET.test(written.get(type) ?? ''));
  if (lesser === undefined) return;
  throw unfit(
    load.table,
    'load.type',
    `Parquet does not hold every ${lesser.type}, the type of its column ${lesser.name}`,
  );
}

function fsyncFile(path: ReturnType<typeof fromText>): void {
  const fd = openSync(toBytes(path), 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
