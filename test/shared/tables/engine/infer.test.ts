import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LoadSink } from '../../../../shared/config/settings.ts';
import type { TableSchema } from '../../../../shared/tables/contract.ts';
import { inferAdded, inferSchema } from '../../../../shared/tables/engine/infer.ts';
import { openDuckDB } from '../../../../shared/tables/engine/instance.ts';
import { matchColumns } from '../../../../shared/tables/engine/match.ts';
import { tempDir } from '../../../support/temp.ts';
import { fakeCsv, schemaOf } from './fake-csv.ts';

const DECLARED: LoadSink['declared'] = {
  nulls: ['NA', ''],
  header: true,
  encoding: 'utf-8',
  key: [],
};

async function openFile(t: TestContext, content: string, delimiter = ',') {
  const directory = tempDir(t);
  const path = join(directory, 'first.csv');
  writeFileSync(path, content);
  const csv = fakeCsv(path, { delimiter });
  const { connection, close } = await openDuckDB({
    path: ':memory:',
    threads: 2,
    memoryMiB: 256,
    scratch: join(directory, 'scratch'),
  });
  t.after(() => {
    csv.close();
    close();
  });
  return { csv, connection };
}

async function infer(
  t: TestContext,
  content: string,
  more: Partial<LoadSink['declared']> = {},
): Promise<TableSchema> {
  const { csv, connection } = await openFile(t, content, more.delimiter);
  return inferSchema(connection, csv, { ...DECLARED, ...more });
}

const typesOf = ({ columns }: TableSchema): string[] => columns.map(({ type }) => type);

test('types are those that all cells of the first file fit', async (t) => {
  const schema = await infer(
    t,
    'i,d,b,day,at,zone,clock,text,nothing\n' +
      '1,1.5,true,2024-01-02,2024-01-02 03:04:05,2024-01-02T03:04:05+02:00,03:04:05,a,NA\n' +
      'NA,NA,NA,NA,NA,NA,NA,NA,\n' +
      '-3,2,FALSE,2024-12-31,2024-01-02,2024-01-02T03:04:05Z,23:59,1,NA\n',
  );
  assert.deepEqual(typesOf(schema), [
    'BIGINT',
    'DOUBLE',
    'BOOLEAN',
    'DATE',
    'TIMESTAMP',
    'TIMESTAMP WITH TIME ZONE',
    'TIME',
    'VARCHAR',
    'VARCHAR',
  ]);
  assert.deepEqual(schema.dialect, { delimiter: ',', quote: '"' });
});

test('what would lose something as a number is text', async (t) => {
  const schema = await infer(
    t,
    'code,phone,plain,long,card,zero\n007,+4930123,0,123456789012345678901,1234567890123456,0.5\n1,2,10,1,1.5,0\n',
  );
  assert.deepEqual(typesOf(schema), ['VARCHAR', 'VARCHAR', 'BIGINT', 'VARCHAR', 'VARCHAR', 'DOUBLE']);
});

test('one cell far down decides', async (t) => {
  const rows = Array.from({ length: 5000 }, (_, index) => `${index},${index}`);
  const schema = await infer(t, `a,b\n${rows.join('\n')}\n1.5,x\n`);
  assert.deepEqual(typesOf(schema), ['DOUBLE', 'VARCHAR']);
});

test('dates with a format are read by it where only one fits, and are text otherwise', async (t) => {
  const sure = await infer(t, 'a,at\n31/12/2024,31/12/2024 10:00:00\n01/02/2024,01/02/2024 10:00:00\n');
  assert.deepEqual(typesOf(sure), ['DATE', 'TIMESTAMP']);
  assert.equal(sure.dateFormat, '%d/%m/%Y');
  assert.equal(sure.timestampFormat, '%d/%m/%Y %H:%M:%S');
  const unsure = await infer(t, 'a\n01/02/2024\n03/04/2024\n');
  assert.deepEqual(typesOf(unsure), ['VARCHAR']);
  const two = await infer(t, 'a,b\n31/12/2024,31.12.2024\n');
  assert.deepEqual(typesOf(two), ['DATE', 'VARCHAR']);
});

test('declared columns are the schema, with types as DuckDB writes them', async (t) => {
  const schema = await infer(t, 'z,b,a\n1,2,3\n', {
    columns: [
      { name: 'a', type: 'int8' },
      { name: 'b', type: 'numeric(9, 2)' },
    ],
    key: ['A'],
  });
  assert.deepEqual(schema.columns, [
    { name: 'a', type: 'BIGINT' },
    { name: 'b', type: 'DECIMAL(9,2)' },
  ]);
  assert.deepEqual(schema.key, ['a']);
});

test('a type that is none is refused', async (t) => {
  for (const type of ['SMALLISH', 'BIGINT); DROP TABLE t; --'])
    await assert.rejects(infer(t, 'a\n1\n', { columns: [{ name: 'a', type }] }), { code: 'load.type' });
});

test('without a header columns are numbered', async (t) => {
  const schema = await infer(t, '1,a\n2,b\n', { header: false });
  assert.deepEqual(schema.columns, [
    { name: 'column0', type: 'BIGINT' },
    { name: 'column1', type: 'VARCHAR' },
  ]);
});

test('a header with a name twice, or with none, or without the key is a fault', async (t) => {
  await assert.rejects(infer(t, 'id,Name, name\n1,2,3\n'), {
    code: 'load.columns',
    message: 'columns 2 and 3 of the header have one name: name',
  });
  await assert.rejects(infer(t, 'id,,c\n1,2,3\n'), { message: 'column 2 of the header has no name' });
  await assert.rejects(infer(t, 'id\n1\n', { key: ['no'] }), { message: 'the key column no is not in it' });
  await assert.rejects(infer(t, ''), { message: 'the file is empty' });
});

test('a file of a header only has columns of text', async (t) => {
  assert.deepEqual(typesOf(await infer(t, 'a,b\n')), ['VARCHAR', 'VARCHAR']);
});

test('columns that are added get types of their own', async (t) => {
  const { csv, connection } = await openFile(t, 'id,n,day,text\n1,2,31/12/2024,x\n');
  const schema = schemaOf({ id: 'BIGINT' });
  const match = await inferAdded(connection, csv, matchColumns(csv, schema, 'add', 1), schema);
  assert.deepEqual(match.added, [
    { name: 'n', type: 'BIGINT' },
    { name: 'day', type: 'VARCHAR' },
    { name: 'text', type: 'VARCHAR' },
  ]);
  assert.deepEqual(
    match.columns.map(({ into, type }) => [into, type]),
    [
      ['id', 'BIGINT'],
      ['n', 'BIGINT'],
      ['day', 'VARCHAR'],
      ['text', 'VARCHAR'],
    ],
  );
});

test('a number is one only if it would come back as it was written, prices apart', async (t) => {
  const schema = await infer(
    t,
    'price,long,program,code,r,name,part,tiny\n' +
      '1.10,0.12345678901234567890,0.30000000000000004,2E7,1e+05,Nan,NaN,1e-400\n' +
      '2.50,1.5,1700000000.1234567,3E8,1.5E7,inf,1.5,1\n',
  );
  assert.deepEqual(typesOf(schema), [
    'DOUBLE',
    'VARCHAR',
    'DOUBLE',
    'VARCHAR',
    'DOUBLE',
    'VARCHAR',
    'DOUBLE',
    'VARCHAR',
  ]);
});

test('years of two digits, nanoseconds and names of zones are text', async (t) => {
  const schema = await infer(
    t,
    'a,b,c,d,e\n24-01-31,31/12/2024,2024-01-02 03:04:05.123456789,2024-01-02 03:04:05.123456789+02,2024-01-02 03:04:05+02\n' +
      '24-02-01,31/12/24,2024-01-02 03:04:05,2024-01-02 03:04:05+02,2024-01-02 03:04:05 Europe/Berlin\n',
  );
  assert.deepEqual(typesOf(schema), Array(5).fill('VARCHAR'));
});

test('what is asked of a file ends when it is aborted', async (t) => {
  const { csv, connection } = await openFile(t, `a\n${'1\n'.repeat(200_000)}`);
  const controller = new AbortController();
  const reason = new Error('stopped');
  const inferred = inferSchema(connection, csv, DECLARED, 1, controller.signal);
  setImmediate(() => controller.abort(reason));
  await assert.rejects(inferred, reason);
});
