import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import { fakeFile, schemaOf } from './fake-csv.ts';
import { TestTable } from './test-table.ts';

const SCHEMA = schemaOf({ id: 'BIGINT', name: 'VARCHAR' });

test('a file of a header only has no rows, and another is loaded beside it', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const loaded = await table.load([
    fakeFile(table.directory, 'id,name\n', { schema: SCHEMA, fileId: 1 }),
    fakeFile(table.directory, 'id,name\n1,a', { schema: SCHEMA, fileId: 2 }),
  ]);
  assert.deepEqual(loaded.files, [
    { fileId: 1, rows: 0, rejects: 0 },
    { fileId: 2, rows: 1, rejects: 0 },
  ]);
});

test('a file with too many rejects is named, with the first of them, and nothing is loaded', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const files = [
    fakeFile(table.directory, 'id,name\n1,a\n', { schema: SCHEMA, fileId: 1 }),
    fakeFile(table.directory, 'id,name\n1,a\nx,b\ny,c\n2,d\n', { schema: SCHEMA, fileId: 2 }),
  ];
  await assert.rejects(table.load(files, { maxRejects: 1 }), (error) => {
    assert.ok(error instanceof FileFaultError);
    assert.deepEqual(error.fault, {
      fileId: 2,
      code: 'load.rejects',
      reason: '2 of 4 rows were rejected, 1 may be; the first, line 3, column id: "x" is no BIGINT',
    });
    return true;
  });
  assert.deepEqual(await table.rows(), []);
});

test('rejects of both ways of reading count together', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const file = fakeFile(table.directory, 'id,name\n1,a\nx,b\n1.5,c\n2.5,c\n2,d\n', {
    schema: SCHEMA,
    fileId: 2,
  });
  await assert.rejects(
    table.load([file], { maxRejects: 2 }),
    /3 of 5 rows were rejected, 2 may be; the first, line 3,/,
  );
});

test('a file of which every row is rejected is a bad one', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const file = fakeFile(table.directory, 'id,name\na,1\nb,2\n', { schema: SCHEMA, fileId: 2 });
  await assert.rejects(table.load([file]), {
    code: 'load.rejects',
    message: 'all of its 2 rows were rejected; the first, line 2, column id: "a" is no BIGINT',
  });
});

test('rows that are not those that were counted are a fault of their file', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const good = fakeFile(table.directory, 'id,name\n1,a\n', { schema: SCHEMA, fileId: 1 });
  const bad = fakeFile(table.directory, 'id,name\n1,a\n2,b\n', { schema: SCHEMA, fileId: 2 });
  for (const records of [4, 2]) {
    const lying = { ...bad, csv: { ...bad.csv, close: () => {}, audit: { ...bad.csv.audit, records } } };
    await assert.rejects(table.load([{ ...good, csv: { ...good.csv, close: () => {} } }, lying]), (error) => {
      assert.ok(error instanceof FileFaultError);
      assert.equal(error.fault.fileId, 2);
      assert.equal(error.code, 'load.lost-rows');
      assert.equal(error.message, `${records - 1} rows were counted in it, but 2 were read`);
      return true;
    });
  }
  good.csv.close();
  bad.csv.close();
  assert.deepEqual(await table.rows(), []);
});

test('in a file of one column blank lines are refused, since they might be rows', async (t) => {
  const schema = schemaOf({ x: 'VARCHAR' });
  const table = await TestTable.make(t, schema);
  await assert.rejects(
    table.load([fakeFile(table.directory, 'x\na\n\nb\n', { schema, fileId: 1 })]),
    /one column and blank lines/,
  );
});

test('a cell of 1 MiB is loaded, a row of more than 16 MiB is a reject', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const long = 'x'.repeat(1024 * 1024);
  const content = `id,name\n1,${long}\n2,${long.repeat(17)}\n3,"${long.repeat(15)}"\n`;
  const { files, rejects } = await table.load([
    fakeFile(table.directory, content, { schema: SCHEMA, fileId: 1 }),
  ]);
  assert.deepEqual(files, [{ fileId: 1, rows: 2, rejects: 1 }]);
  assert.deepEqual(
    rejects.map(({ line, reason, value }) => [line, reason, (value ?? '').length <= 10_000]),
    [[3, 'the row is longer than 16 MiB', true]],
  );
  assert.deepEqual(await table.rows('SELECT id::INT, length(name)::INT FROM t ORDER BY id'), [
    [1, long.length],
    [3, long.length * 15],
  ]);
});

test('2,000 columns are loaded', async (t) => {
  const names = Array.from({ length: 2000 }, (_, index) => `c ${index}`);
  const schema = schemaOf(
    Object.fromEntries(names.map((name, index) => [name, index % 2 === 0 ? 'BIGINT' : 'VARCHAR'])),
  );
  const table = await TestTable.make(t, schema);
  const row = (value: number): string => names.map(() => value).join(',');
  const bad = names.map((_, index) => (index === 1998 ? '1.5' : 3)).join(',');
  const content = `${names.join(',')}\n${row(1)}\n${row(2)}\n${bad}\n`;
  const { files, rejects } = await table.load([fakeFile(table.directory, content, { schema, fileId: 1 })]);
  assert.deepEqual(files, [{ fileId: 1, rows: 2, rejects: 1 }]);
  assert.deepEqual(
    rejects.map(({ line, column, value }) => [line, column, value]),
    [[4, 'c 1998', '1.5']],
  );
});

test('text after a closing quote is a reject, and the row after it is loaded', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const content = 'id,name\n1,"a"b\n2,"c ""d"""\n';
  const { rejects } = await table.load([fakeFile(table.directory, content, { schema: SCHEMA, fileId: 1 })]);
  assert.deepEqual(
    rejects.map(({ line, reason }) => [line, reason]),
    [[2, 'a quote is not closed, or text follows one that is']],
  );
  assert.deepEqual(await table.rows(), [['2', 'c "d"']]);
});

test('a load that is aborted throws the reason, and nothing is loaded', async (t) => {
  const table = await TestTable.make(t, SCHEMA);
  const file = fakeFile(table.directory, 'id,name\n1,a\n', { schema: SCHEMA, fileId: 1 });
  const reason = new Error('the lease has ended');
  await assert.rejects(table.load([file], { signal: AbortSignal.abort(reason) }), reason);
  assert.deepEqual(await table.rows(), []);
});

test('columns that a file lacks are NULL, those that nobody wants are not read', async (t) => {
  const schema = schemaOf({ id: 'BIGINT', name: 'VARCHAR', n: 'INTEGER' });
  const table = await TestTable.make(t, schema);
  const file = fakeFile(table.directory, 'extra,N,ID\nzz,1,2\n', { schema, fileId: 1, policy: 'ignore' });
  await table.load([file]);
  assert.deepEqual(await table.rows(), [['2', null, 1]]);
});
