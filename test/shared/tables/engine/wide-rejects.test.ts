import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadFailureOf } from '../../../../shared/tables/engine/failure.ts';
import { FileFaultError, TargetError } from '../../../../shared/tables/errors.ts';
import { fakeFile, schemaOf } from './fake-csv.ts';
import { TestTable } from './test-table.ts';

const COLUMNS = 150;
const BAD_ROWS = 200;

test('of a row with many wrong cells some are told, and how many more there are', async (t) => {
  const names = Array.from({ length: COLUMNS }, (_, index) => `c${index}`);
  const schema = schemaOf(Object.fromEntries(names.map((name) => [name, 'BIGINT'])));
  const table = await TestTable.make(t, schema);
  const row = (cell: string): string => `${names.map(() => cell).join(',')}\n`;
  const content = `${names.join(',')}\n${row('garbage').repeat(BAD_ROWS)}${row('1')}`;
  const file = fakeFile(table.directory, content, { schema, fileId: 1 });
  const { files, rejects } = await table.load([file], { maxRejects: 1000 });
  assert.deepEqual(files, [{ fileId: 1, rows: 1, rejects: BAD_ROWS }]);
  const ofFirst = rejects.filter(({ line }) => line === 2);
  assert.equal(ofFirst.length, 21);
  assert.deepEqual(ofFirst[20], {
    fileId: 1,
    line: 2,
    column: undefined,
    value: undefined,
    reason: '130 more cells of the row are wrong',
  });
  assert.equal(new Set(rejects.map(({ line }) => line)).size, BAD_ROWS);
  // Those of 14 rows are told, the others have one each, and all have one more.
  assert.ok(rejects.length < 3000, `${rejects.length} rejects`);
  assert.equal(rejects.at(-1)?.reason, '149 more cells of the row are wrong');
});

test('of long values that are wrong the later ones are cut', async (t) => {
  const schema = schemaOf({ id: 'BIGINT', name: 'VARCHAR' });
  const table = await TestTable.make(t, schema);
  const long = 'x'.repeat(9_000);
  const content = `id,name\n${`${long},a\n`.repeat(900)}${`${long}\n`.repeat(900)}1,a\n`;
  const file = fakeFile(table.directory, content, { schema, fileId: 1 });
  const { rejects } = await table.load([file], { maxRejects: 2000 });
  assert.equal(rejects.length, 1800);
  const characters = rejects.reduce((sum, { value }) => sum + (value ?? '').length, 0);
  assert.ok(characters < 10_000_000, `${characters} characters`);
});

test('memory that does not do is a fault of a single file, and with more a reason to load fewer', () => {
  const error = new Error('Out of Memory Error: could not allocate block of size 256.0 KiB');
  const alone = loadFailureOf(error, [{ fileId: 7 }]);
  assert.ok(alone instanceof FileFaultError);
  assert.deepEqual([alone.code, alone.fault.fileId], ['load.memory', 7]);
  const together = loadFailureOf(error, [{ fileId: 7 }, { fileId: 8 }]);
  assert.ok(together instanceof TargetError);
  assert.deepEqual([together.code, together.trouble], ['load.memory', 'away']);
});
