import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import type { Column, FileToLoad, TableSchema } from '../../../../shared/tables/contract.ts';
import type { Load, Target } from '../../../../shared/tables/targets/target.ts';

export const SCHEMA: TableSchema = {
  columns: [
    { name: 'id', type: 'BIGINT' },
    { name: 'name', type: 'VARCHAR' },
  ],
  dialect: { delimiter: ',', quote: '"' },
  header: true,
  encoding: 'utf-8',
  nulls: ['NA', ''],
  key: [],
};

export type FileFields = {
  taskId?: number;
  ingestDate?: string;
  /** What it has beside the table's columns. */
  added?: Column[];
};

/** A plain file with a header, cells without quotes, one record a line. */
export function fileToLoad(
  directory: string,
  fileId: number,
  text: string,
  { taskId = 1, ingestDate = '2024-11-02', added = [] }: FileFields = {},
): FileToLoad {
  const path = join(directory, `${fileId}.csv`);
  writeFileSync(path, text);
  const bytes = Buffer.from(text);
  const lines = text.split('\n').filter((line) => line !== '');
  const firstRecord = (lines[0] ?? '').split(',');
  const types = new Map([...SCHEMA.columns, ...added].map(({ name, type }) => [name, type]));
  return {
    fileId,
    taskId,
    ingestDate,
    name: path,
    path: fromText(path),
    csv: {
      readPath: path,
      sizeBytes: bytes.length,
      audit: {
        sha256: createHash('sha256').update(bytes).digest('hex'),
        records: lines.length,
        isRegular: true,
      },
      firstRecord,
      linesOf: (records) => [...records],
      linesAt: (offsets) => offsets.map((offset) => bytes.subarray(0, offset).toString().split('\n').length),
      assertUnchanged: () => undefined,
      close: () => undefined,
    },
    match: {
      columns: firstRecord.map((name) => ({ name, type: types.get(name) ?? 'VARCHAR', into: name })),
      added,
    },
  };
}

export const loadOf = (files: readonly FileToLoad[], fields: Partial<Load> = {}): Load => ({
  table: 'people',
  schema: SCHEMA,
  files,
  maxRejects: 100,
  lineage: false,
  signal: new AbortController().signal,
  assertHeld: () => undefined,
  ...fields,
});

/** `id,name` and so many rows, numbered from `from`. */
export function rowsOfText(count: number, from = 1): string {
  const rows = Array.from({ length: count }, (_, index) => `${from + index},name ${from + index}\n`);
  return `id,name\n${rows.join('')}`;
}

export async function closing(t: TestContext, target: Promise<Target>): Promise<Target> {
  const opened = await target;
  t.after(() => opened.close());
  return opened;
}

/** What a reader of its own sees, as rows of JavaScript's values; the file is open only meanwhile. */
export async function readDuckDB(path: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  try {
    return await queried(await instance.connect(), sql);
  } finally {
    instance.closeSync();
  }
}

/** The same of files of other kinds. */
export async function readAny(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  try {
    return await queried(await instance.connect(), sql);
  } finally {
    instance.closeSync();
  }
}

/** What a person does with the file. */
export async function changeDuckDB(path: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  try {
    const connection = await instance.connect();
    for (const statement of statements) await connection.run(statement);
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
}

async function queried(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRowsJson();
  } finally {
    connection.closeSync();
  }
}
