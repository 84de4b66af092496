import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeFile, schemaOf } from './fake-csv.ts';
import { TestTable } from './test-table.ts';

test('several files are loaded by one query, and mapped where their order differs', async (t) => {
  const schema = schemaOf({ id: 'BIGINT', name: 'VARCHAR' });
  const table = await TestTable.make(t, schema);
  const files = [
    fakeFile(table.directory, 'id,name\n1,a\n2,NA\n', { schema, fileId: 1 }),
    fakeFile(table.directory, 'id,name\r\n3,"c, d"\r\n', { schema, fileId: 2 }),
    fakeFile(table.directory, '\ufeffNAME , Id\ne,4\n', { schema, fileId: 3 }),
  ];
  const loaded = await table.load(files);
  assert.deepEqual(loaded, {
    files: [
      { fileId: 1, rows: 2, rejects: 0 },
      { fileId: 2, rows: 1, rejects: 0 },
      { fileId: 3, rows: 1, rejects: 0 },
    ],
    rejects: [],
  });
  assert.equal(table.queries.length, 2);
  assert.deepEqual(await table.rows('FROM t ORDER BY id'), [
    ['1', 'a'],
    ['2', null],
    ['3', 'c, d'],
    ['4', 'e'],
  ]);
});

test('rows that cannot be read are rejects with their lines, columns and values', async (t) => {
  const schema = schemaOf({ id: 'BIGINT', name: 'VARCHAR', day: 'DATE' });
  const table = await TestTable.make(t, schema);
  const content =
    'id,name,day\n1,"x\ny",2024-01-01\n\nz,q,2024-01-01 10:00:00\n\n3,"p\n\nq"\nz2,"a\nb",2024-01-02\n4,k,2024-01-01T10\n1.5,k,\n6,k,2024-02-30,more,still\n7,k,\n';
  const loaded = await table.load([fakeFile(table.directory, content, { schema, fileId: 9 })]);
  assert.deepEqual(loaded.files, [{ fileId: 9, rows: 2, rejects: 6 }]);
  assert.deepEqual(
    loaded.rejects.map(({ line, column, value, reason }) => [line, column, value, reason]),
    [
      [5, 'id', 'z', '"z" is no BIGINT'],
      [5, 'day', '2024-01-01 10:00:00', '"2024-01-01 10:00:00" is no DATE'],
      [7, undefined, '3,"p\n\nq"', 'the row has 2 cells, the header 3'],
      [10, 'id', 'z2', '"z2" is no BIGINT'],
      [12, 'day', '2024-01-01T10', '"2024-01-01T10" is no DATE'],
      [13, 'id', '1.5', '"1.5" is no BIGINT'],
      [14, undefined, '6,k,2024-02-30,more,still', 'the row has 5 cells, the header 3'],
    ],
  );
  assert.deepEqual(await table.rows('FROM t ORDER BY id'), [
    ['1', 'x\ny', '2024-01-01'],
    ['7', 'k', null],
  ]);
});

test('a word for NULL with the delimiter or the quote in it is refused with what to do', async (t) => {
  for (const [word, sign] of [
    ['n,a', 'delimiter'],
    ['"', 'quote'],
  ] as const) {
    const schema = { ...schemaOf({ id: 'BIGINT', name: 'VARCHAR' }), nulls: ['', word] };
    const table = await TestTable.make(t, schema);
    const file = fakeFile(table.directory, 'id,name\n1,a\n', { schema, fileId: 1 });
    await assert.rejects(table.load([file]), {
      code: 'load.nulls',
      message: `the word for NULL ${JSON.stringify(word)} has the ${sign} of the files in it`,
    });
  }
});

test('without a word for NULL any sign may be the delimiter', async (t) => {
  const schema = {
    ...schemaOf({ id: 'BIGINT', name: 'VARCHAR' }),
    nulls: [],
    dialect: { delimiter: '-', quote: '"' },
  };
  const table = await TestTable.make(t, schema);
  await table.load([fakeFile(table.directory, 'id-name\n1-a\n', { schema, fileId: 1 })]);
  assert.deepEqual(await table.rows('FROM t'), [['1', 'a']]);
});
