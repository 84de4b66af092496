import { type BytePath, dirname, fromText, join } from '../../fs/byte-path.ts';
import type { TableSchema } from '../contract.ts';
import { TargetError } from '../errors.ts';
import type { Plan } from '../publications.ts';

/** The name of the column that the directories of a table stand for. */
export const PARTITION_COLUMN = 'ingest_date';

const REJECTS_SUFFIX = '_rejects';

/** The directory of a table's data, and the one of its rejects, below the directory of the target. */
export const dataDirectory = (table: string): string => table;
export const rejectsDirectory = (table: string): string => table + REJECTS_SUFFIX;

/** Begins with a dot: readers of directories pass over it. */
export const temporaryPrefix = (taskId: number): string => `.wharfinger-${taskId}-`;
export const temporaryName = (taskId: number, random: string): string =>
  `${temporaryPrefix(taskId)}${random}.tmp`;

const finalName = (taskId: number, ingestDate: string, random: string): string =>
  `${PARTITION_COLUMN}=${ingestDate}/part-${taskId}-${random}.parquet`;

/** From where to where a file of a task goes, below the directory of the target. */
export function moveOf(directory: string, taskId: number, ingestDate: string, random: string): Plan['data'] {
  if (!/^\d{4}-\d\d-\d\d$/.test(ingestDate)) throw new Error(`${ingestDate} is no date`);
  return {
    from: `${directory}/${temporaryName(taskId, random)}`,
    to: `${directory}/${finalName(taskId, ingestDate, random)}`,
  };
}

/** A path below the directory of the target. */
export const pathBelow = (directory: string, path: string): BytePath =>
  join(fromText(directory), fromText(path));

/** The directories whose names a move changes. */
export const directoriesOf = (directory: string, { from, to }: Plan['data']): BytePath[] => [
  dirname(pathBelow(directory, to)),
  dirname(pathBelow(directory, from)),
];

/** All data of a table, as DuckDB's functions take it. What would be a wildcard in the path of the target is none. */
export const patternOf = (directory: string, table: string): string =>
  `${literally(`${directory}/${dataDirectory(table)}`)}/**/*.parquet`;

/** A path that DuckDB takes as it is. */
export const literally = (path: string): string => path.replaceAll(/[[*?]/g, '[$&]');

/** @throws TargetError `load.name`, `load.key` */
export function assertLayout(
  table: string,
  { columns, key }: TableSchema,
  added: TableSchema['columns'],
): void {
  assertName(table);
  if (key.length > 0) throw unfit(table, 'load.key', 'Parquet files have no key');
  if ([...columns, ...added].some(({ name }) => name.toLowerCase() === PARTITION_COLUMN)) {
    throw unfit(table, 'load.name', `its directories are named ${PARTITION_COLUMN}, and so is a column`);
  }
}

/** @throws TargetError `load.name` */
export function assertName(table: string): void {
  if (/^[^._/\0][^/\0]*$/.test(table) && !table.endsWith(REJECTS_SUFFIX)) return;
  throw unfit(table, 'load.name', 'its name cannot be the one of a directory of data');
}

export const unfit = (table: string, code: string, what: string): TargetError =>
  new TargetError('refused', `the table ${table} cannot be loaded into: ${what}`, {
    code,
    subject: table,
    hint: 'change the sink, then: wharfinger load retry',
  });
