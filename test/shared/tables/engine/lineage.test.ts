import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeFile, schemaOf } from './fake-csv.ts';
import { TestTable } from './test-table.ts';

const SCHEMA = schemaOf({ id: 'BIGINT', name: 'VARCHAR' });

test('rows carry their file and line, whatever was rejected before them', async (t) => {
  const table = await TestTable.make(t, SCHEMA, { lineage: true });
  const files = [
    fakeFile(table.directory, 'id,name\nx,a\n2,a\n3,a\n1.5,b\n4\n6,b\n7.0,c\n9007199254740993,d\n', {
      schema: SCHEMA,
      fileId: 1,
    }),
    fakeFile(
      table.directory,
      'id,name\n10,"a\n\nb"\n\nx,"q\nq"\n11,b\n1.5,"z\nz"\n9007199254740993,c\n12,c\n',
      { schema: SCHEMA, fileId: 2 },
    ),
    fakeFile(table.directory, 'id,name\n10,"a\n\nb"\n\n11,b\n', { schema: SCHEMA, fileId: 3 }),
  ];
  const { rejects } = await table.load(files, { lineage: true });
  assert.deepEqual(await table.rows('SELECT _file_id::INT, _line::INT, id FROM t ORDER BY ALL'), [
    [1, 3, '2'],
    [1, 4, '3'],
    [1, 7, '6'],
    [1, 8, '7'],
    [1, 9, '9007199254740993'],
    [2, 2, '10'],
    [2, 8, '11'],
    [2, 11, '9007199254740993'],
    [2, 12, '12'],
    [3, 2, '10'],
    [3, 6, '11'],
  ]);
  assert.deepEqual(
    rejects.map(({ fileId, line, value }) => [fileId, line, value]),
    [
      [1, 2, 'x'],
      [1, 5, '1.5'],
      [1, 6, '4'],
      [2, 6, 'x'],
      [2, 9, '1.5'],
    ],
  );
});

test('without a header the first line is a row', async (t) => {
  const schema = { ...SCHEMA, header: false };
  const table = await TestTable.make(t, schema, { lineage: true });
  const { rejects } = await table.load(
    [fakeFile(table.directory, '1,a\nx,b\n3,c\n', { schema, fileId: 1 })],
    { lineage: true },
  );
  assert.deepEqual(await table.rows('SELECT id, _line::INT FROM t ORDER BY id'), [
    ['1', 1],
    ['3', 3],
  ]);
  assert.deepEqual(
    rejects.map(({ line }) => line),
    [2],
  );
});

test('of rows with the same key the first is loaded, and a key has a value', async (t) => {
  const schema = { ...SCHEMA, key: ['ID'] };
  const table = await TestTable.make(t, schema);
  const { files, rejects } = await table.load([
    fakeFile(table.directory, 'id,name\n1,a\n1.0,b\n,c\n2,d\nx,e\n', { schema, fileId: 1 }),
    fakeFile(table.directory, 'id,name\n3,a\n2,again\n', { schema, fileId: 2 }),
  ]);
  assert.deepEqual(files, [
    { fileId: 1, rows: 2, rejects: 3 },
    { fileId: 2, rows: 1, rejects: 1 },
  ]);
  assert.deepEqual(
    rejects.map(({ fileId, line, value, reason }) => [fileId, line, value, reason]),
    [
      [1, 3, '1', 'the key (ID) is in line 2 already'],
      [1, 4, 'NULL', 'the key (ID) has no value'],
      [1, 6, 'x', '"x" is no BIGINT'],
      [2, 3, '2', 'the key (ID) is in line 5 of 1.csv already'],
    ],
  );
  assert.deepEqual(await table.rows('FROM t ORDER BY id'), [
    ['1', 'a'],
    ['2', 'd'],
    ['3', 'a'],
  ]);
});
