import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import type { ColumnPolicy, FileToLoad, PlainCsv, TableSchema } from '../../../../shared/tables/contract.ts';
import { matchColumns } from '../../../../shared/tables/engine/match.ts';

/** An audited file, by a simple loop over its bytes. Only for text that an audit would let pass. */
export function fakeCsv(path: string, { delimiter = ',', quote = '"' } = {}): PlainCsv {
  const bytes = readFileSync(path);
  const starts = recordStarts(bytes, quote);
  const lines = linesAt(bytes, starts);
  const first = bytes
    .subarray(0, starts[1] ?? bytes.length)
    .toString('utf8')
    .replace(/^\ufeff/, '');
  const records: string[][] = parse(first, { delimiter, quote, escape: quote, relax_column_count: true });
  const fd = openSync(path, 'r');
  let isOpen = true;
  return {
    readPath: `/proc/self/fd/${fd}`,
    sizeBytes: statSync(path).size,
    audit: {
      sha256: '0'.repeat(64),
      records: starts.length,
      isRegular: lines.every((line, index) => line === index + 1),
    },
    firstRecord: records[0] ?? [],
    linesOf: (numbers) => numbers.map((number) => lines[number - 1] ?? Number.NaN),
    async *recordLines() {
      for (let first = 0; first < lines.length; first += 3) yield lines.slice(first, first + 3);
    },
    linesAt: (offsets) => linesAt(bytes, offsets),
    assertUnchanged: () => undefined,
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

/** The offset of each record that is no blank line. */
function recordStarts(bytes: Buffer, quote: string): number[] {
  const starts: number[] = [];
  const mark = quote.charCodeAt(0);
  let start = bytes.subarray(0, 3).equals(Buffer.from('\ufeff')) ? 3 : 0;
  let isQuoted = false;
  for (let at = start; at <= bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === mark) isQuoted = !isQuoted;
    const isEnd = byte === undefined || (!isQuoted && (byte === 10 || byte === 13));
    if (!isEnd) continue;
    if (at > start) starts.push(start);
    start = at + 1;
  }
  return starts;
}

/** The lines of offsets that ascend. */
function linesAt(bytes: Buffer, offsets: readonly number[]): number[] {
  let line = 1;
  let at = 0;
  return offsets.map((offset) => {
    for (; at < offset; at += 1)
      if (bytes[at] === 10 || (bytes[at] === 13 && bytes[at + 1] !== 10)) line += 1;
    return line;
  });
}

export type FakeOptions = { schema: TableSchema; policy?: ColumnPolicy; fileId: number };

/** A file of this content, matched with the schema. */
export function fakeFile(
  directory: string,
  content: string | Buffer,
  { schema, policy = 'fail', fileId }: FakeOptions,
): FileToLoad {
  const path = join(directory, `${fileId}.csv`);
  writeFileSync(path, content);
  const csv = fakeCsv(path, schema.dialect);
  return {
    fileId,
    taskId: 1,
    name: `${fileId}.csv`,
    path: fromText(path),
    ingestDate: '2026-01-02',
    csv,
    match: matchColumns(csv, schema, policy, fileId),
  };
}

export function schemaOf(columns: Record<string, string>, more: Partial<TableSchema> = {}): TableSchema {
  return {
    columns: Object.entries(columns).map(([name, type]) => ({ name, type })),
    dialect: { delimiter: ',', quote: '"' },
    header: true,
    encoding: 'utf-8',
    nulls: ['NA', ''],
    key: [],
    ...more,
  };
}
