import assert from 'node:assert/strict';
import { appendFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { FileToLoad } from '../../../../shared/tables/contract.ts';
import { BundleError } from '../../../../shared/tables/engine/bundle.ts';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import { schemaOf } from './fake-csv.ts';
import { openFiles } from './open-files.ts';
import { TestTable } from './test-table.ts';

const SCHEMA = schemaOf({ id: 'BIGINT', name: 'VARCHAR' });

/** How many files a statement of the load read. */
const filesRead = ({ queries }: TestTable): number[] =>
  queries.map((query) => query.match(/\/proc\/self\/fd\//g)?.length ?? 0);

test('small files are read as one, and their rejects have their own files and lines', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const files = await openFiles(table, [
    'id,name\nx,a\n1,b',
    '\ufeffid,name\n2,"c, d"\n3.5,"say ""hi"""\n4,e,f\n',
    'id,name\n5,g\n',
    'id,name\n6,h\n7\n8.0,i\ny,',
  ]);
  const loaded = await table.load(files);
  assert.deepEqual(filesRead(table)[0], 1);
  assert.deepEqual(loaded.files, [
    { fileId: 1, rows: 1, rejects: 1 },
    { fileId: 2, rows: 1, rejects: 2 },
    { fileId: 3, rows: 1, rejects: 0 },
    { fileId: 4, rows: 2, rejects: 2 },
  ]);
  assert.deepEqual(
    loaded.rejects.map(({ fileId, line, column, value }) => [fileId, line, column, value]).toSorted(),
    [
      [1, 2, 'id', 'x'],
      [2, 3, 'id', '3.5'],
      [2, 4, undefined, '4,e,f'],
      [4, 3, undefined, '7'],
      [4, 5, 'id', 'y'],
    ],
  );
  assert.deepEqual(await table.rows('FROM t ORDER BY id'), [
    ['1', 'b'],
    ['2', 'c, d'],
    ['5', 'g'],
    ['6', 'h'],
    ['8', 'i'],
  ]);
});

test('files of one sort of line end are read as one, and what is odd by itself, in one statement but for those with odd quotes', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const odd = [
    'id,name\r7,cr\r',
    'id,name\n8,"in\nquotes"\n',
    'id,name\n\n9,blank\n',
    'id,name\n10,mixed\r\n11,ends\n',
    'id,name\n12,"gar"bage\n13,x\n',
  ];
  const files = await openFiles(table, [
    'id,name\n1,a\n',
    'id,name\r\n2,b\r\n',
    'id,name\n3,c',
    'id,name\r\n4,d',
    ...odd,
    'id,name\n',
  ]);
  const loaded = await table.load(files);
  assert.deepEqual(filesRead(table), [odd.length + 1, 1]);
  assert.deepEqual(
    loaded.files.map(({ fileId, rows, rejects }) => [fileId, rows, rejects]),
    [
      [1, 1, 0],
      [2, 1, 0],
      [3, 1, 0],
      [4, 1, 0],
      [5, 1, 0],
      [6, 1, 0],
      [7, 1, 0],
      [8, 2, 0],
      [9, 1, 1],
      [10, 0, 0],
    ],
  );
});

test('in bundles of more than a thread reads at a time every reject is found where it is', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const expected: [number, number, string][] = [];
  const contents = Array.from({ length: 400 }, (_, index) => {
    const lines = Array.from({ length: 1000 }, (_, row) => {
      const nth = index * 1000 + row;
      const cell = nth % 1999 === 7 ? `x${nth}` : nth % 2503 === 11 ? `${nth}.5` : undefined;
      if (cell !== undefined) expected.push([index + 1, row + 2, cell]);
      return `${cell ?? nth},the name of number ${nth} which makes the line longer`;
    });
    return `id,name\n${lines.join('\n')}${index % 2 === 0 ? '\n' : ''}`;
  });
  const { files, rejects } = await table.load(await openFiles(table, contents), { maxRejects: 20 });
  assert.deepEqual(filesRead(table).slice(0, 1), [1]);
  assert.deepEqual(
    rejects.map(({ fileId, line, value }) => [fileId, line, value]).toSorted(byNumbers),
    expected,
  );
  assert.equal(
    files.reduce((sum, { rows }) => sum + rows, 0),
    400_000 - expected.length,
  );
  assert.deepEqual(await table.rows('SELECT count(*)::INT, count(DISTINCT id)::INT FROM t'), [
    [400_000 - expected.length, 400_000 - expected.length],
  ]);
});

const byNumbers = (one: readonly unknown[], other: readonly unknown[]): number =>
  Number(one[0]) - Number(other[0]) || Number(one[1]) - Number(other[1]);

test('a file of a bundle with too many rejects, or no other rows, is the one that is named', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const good = 'id,name\n1,a\n2,b\n';
  for (const [bad, reason] of [
    [
      'id,name\nx,a\ny,b\n3,c\n4.5,d\n',
      /^3 of 4 rows were rejected, 2 may be; the first, line 2, column id: "x" is no BIGINT$/,
    ],
    ['id,name\nx,a\n', /^its only row was rejected/],
    ['id,name\n1.5,a\n2.5,a\n', /^all of its 2 rows were rejected/],
  ] as const) {
    const files = await openFiles(table, [good, `${good}3,c\n`, bad, `${good}4,d\n`]);
    await assert.rejects(table.load(files, { maxRejects: 2 }), (error) => {
      assert.ok(error instanceof FileFaultError);
      assert.deepEqual([error.fault.fileId, error.code], [3, 'load.rejects']);
      assert.match(error.message, reason);
      return true;
    });
  }
  assert.deepEqual(await table.rows(), []);
});

test('more rejects than may be looked at together are looked at file by file', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const content = (id: number): string => `id,name\n${'x,a\n'.repeat(4000)}${id},b\n`;
  const contents = [1, 2, 3].map(content);
  await assert.rejects(table.load(await openFiles(table, contents), { maxRejects: 5000 }), BundleError);
  const { files } = await table.load(await openFiles(table, contents), { maxRejects: 5000, unbundled: true });
  assert.deepEqual(
    files.map(({ rows, rejects }) => [rows, rejects]),
    [
      [1, 4000],
      [1, 4000],
      [1, 4000],
    ],
  );
});

test('rows that are not those that were counted end the load, and file by file it is told whose', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  for (const records of [4, 2]) {
    const open = async (): Promise<FileToLoad[]> => {
      const [good, bad] = await openFiles(table, ['id,name\n1,a\n', 'id,name\n1,a\n2,b\n']);
      assert.ok(good !== undefined && bad !== undefined);
      Object.assign(bad.csv.audit, { records });
      return [good, bad];
    };
    await assert.rejects(table.load(await open()), BundleError);
    await assert.rejects(table.load(await open(), { unbundled: true }), (error) => {
      assert.ok(error instanceof FileFaultError);
      assert.deepEqual([error.fault.fileId, error.code], [2, 'load.lost-rows']);
      return true;
    });
  }
  assert.deepEqual(await table.rows(), []);
});

test('a file that was written to since it was read is never put together with others', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  for (const change of [
    (path: string) => appendFileSync(path, '3,c\n'),
    (path: string) => truncateSync(path, 12),
  ]) {
    const files = await openFiles(table, ['id,name\n1,a\n', 'id,name\n1,a\n2,b\n']);
    change(`${table.directory}/2.csv`);
    await assert.rejects(table.load(files), (error) => {
      assert.ok(error instanceof FileFaultError);
      assert.deepEqual([error.fault.fileId, error.code], [2, 'load.lost-rows']);
      return true;
    });
  }
  assert.deepEqual(await table.rows(), []);
});

test('nor is one that was written to and is as long as before', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const files = await openFiles(table, ['id,name\n1,a\n', 'id,name\n2,b\n', 'id,name\n3,c\n']);
  const path = `${table.directory}/2.csv`;
  writeFileSync(path, 'id,name\n2,d\n');
  utimesSync(path, 1, 1);
  await table.load(files);
  assert.deepEqual(filesRead(table), [3]);
});

test('without a place to write to, files are read by themselves', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const place = { directory: table.directory, schema: SCHEMA, scratch: `${table.directory}/nowhere` };
  const { files } = await table.load(await openFiles(place, ['id,name\n1,a\n', 'id,name\n2,b\n']));
  assert.deepEqual(
    files.map(({ rows }) => rows),
    [1, 1],
  );
  assert.deepEqual(filesRead(table), [2]);
});
