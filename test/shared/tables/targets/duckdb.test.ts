import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import { openDuckDBTarget } from '../../../../shared/tables/targets/duckdb.ts';
import { fileError } from '../../../../shared/tables/targets/duckdb-errors.ts';
import type { LoadRecord, Target } from '../../../../shared/tables/targets/target.ts';
import { cannotMount, mountTmpfs } from '../../../support/mounts.ts';
import { tempDir } from '../../../support/temp.ts';
import { changeDuckDB, fileToLoad, loadOf, readDuckDB, rowsOfText, SCHEMA } from './load-lab.ts';

function setUp(t: TestContext, directory = tempDir(t)) {
  const path = join(directory, 'tables.duckdb');
  const open = (access: 'load' | 'read' = 'load', expectsFile = false) =>
    openDuckDBTarget({ path, scratch: directory, threads: 2, memoryMiB: 256, access, expectsFile });
  /** Opens the target for one piece of work. */
  const using = async <T>(work: (target: Target) => Promise<T>, access?: 'load' | 'read'): Promise<T> => {
    const target = await open(access);
    try {
      return await work(target);
    } finally {
      await target.close();
    }
  };
  const load = (...args: Parameters<typeof loadOf>) => using((target) => target.load(loadOf(...args)));
  return { directory, path, open, using, load, read: (sql: string) => readDuckDB(path, sql) };
}

test('rows, rejects and a record of each file are there when a load returns', async (t) => {
  const { directory, load, read } = setUp(t);
  const files = [
    fileToLoad(directory, 7, 'id,name\n1,Ann\n1.5,Bob\n3,Cem\n', { taskId: 3 }),
    fileToLoad(directory, 8, 'name,id\nDan,NA\n', { taskId: 3 }),
  ];
  assert.deepEqual(await load(files), {
    loaded: [
      { fileId: 7, rows: 2, rejects: 1 },
      { fileId: 8, rows: 1, rejects: 0 },
    ],
    present: [],
  });
  assert.deepEqual(await read('SELECT id, name FROM people ORDER BY id'), [
    ['1', 'Ann'],
    ['3', 'Cem'],
    [null, 'Dan'],
  ]);
  assert.deepEqual(
    await read(
      'SELECT table_name, sha256, file_id, file_name, task_id, rows, rejects FROM wharfinger_loads ORDER BY file_id',
    ),
    files.map(({ csv, fileId, name }) => [
      'people',
      csv.audit.sha256,
      String(fileId),
      name,
      '3',
      fileId === 7 ? '2' : '1',
      fileId === 7 ? '1' : '0',
    ]),
  );
  const [reject, ...others] = await read(
    'SELECT sha256, file_name, line, "column", value FROM wharfinger_rejects',
  );
  assert.deepEqual(reject, [files[0]?.csv.audit.sha256, files[0]?.name, '3', 'id', '1.5']);
  assert.equal(others.length, 0);
});

test('a content that comes twice is in the table once, and is told with the numbers of its record', async (t) => {
  const { directory, load, read } = setUp(t);
  await load([fileToLoad(directory, 1, rowsOfText(3))]);
  const again = fileToLoad(directory, 2, rowsOfText(3));
  const other = fileToLoad(directory, 3, rowsOfText(2, 10));
  assert.deepEqual(await load([again, other]), {
    loaded: [{ fileId: 3, rows: 2, rejects: 0 }],
    present: [{ fileId: 2, rows: 3, rejects: 0 }],
  });
  assert.deepEqual(await load([again]), { loaded: [], present: [{ fileId: 2, rows: 3, rejects: 0 }] });
  assert.deepEqual(await read('SELECT count(*), count(DISTINCT id) FROM people'), [['5', '5']]);
});

test('a table has one name in any case', async (t) => {
  const { directory, load, read } = setUp(t);
  await load([fileToLoad(directory, 1, rowsOfText(3))]);
  const { present } = await load([fileToLoad(directory, 2, rowsOfText(3))], { table: 'PEOPLE' });
  assert.deepEqual(present, [{ fileId: 2, rows: 3, rejects: 0 }]);
  await load([fileToLoad(directory, 3, rowsOfText(1, 9))], { table: 'People' });
  assert.deepEqual(await read('SELECT DISTINCT table_name FROM wharfinger_loads'), [['people']]);
  assert.deepEqual(await read('SELECT count(*) FROM people'), [['4']]);
});

test('a column that files bring is added, and so are the columns of lineage', async (t) => {
  const { directory, using, load, read } = setUp(t);
  await load([fileToLoad(directory, 1, rowsOfText(1))]);
  const added = [{ name: 'age', type: 'BIGINT' }];
  await load([fileToLoad(directory, 2, 'id,name,age\n2,Bob,44\n', { added })], { lineage: true });
  // Who died before it was noted that the column is there brings it again.
  await load([fileToLoad(directory, 3, 'id,name,age\n3,Cem,45\n', { added })], { lineage: true });
  assert.deepEqual(await read('SELECT id, age, _file_id, _line FROM people ORDER BY id'), [
    ['1', null, null, null],
    ['2', '44', '2', '2'],
    ['3', '45', '3', '2'],
  ]);
  assert.deepEqual(await using((target) => target.describe('people'), 'read'), [...SCHEMA.columns, ...added]);
});

test('a row whose key the table has, came before or is empty is a reject', async (t) => {
  const { directory, path, load, read } = setUp(t);
  const schema = { ...SCHEMA, key: ['id'] };
  await load([fileToLoad(directory, 1, rowsOfText(3))], { schema });
  const files = [
    fileToLoad(directory, 2, 'id,name\n3,again\n4,Dan\nNA,nobody\n'),
    fileToLoad(directory, 3, 'id,name\nx,Eve\n4,twice\n5,Eve\n'),
  ];
  const again = fileToLoad(directory, 4, 'id,name\n1,again\n6,Eve\n2,again\n');
  await assert.rejects(load([again], { schema, maxRejects: 1 }), { code: 'load.rejects' });
  const known = fileToLoad(directory, 5, 'id,name\n1,again\n');
  await assert.rejects(load([known], { schema }), { code: 'load.rejects' });
  const { loaded } = await load(files, { schema });
  assert.deepEqual(loaded, [
    { fileId: 2, rows: 1, rejects: 2 },
    { fileId: 3, rows: 1, rejects: 2 },
  ]);
  assert.deepEqual(await read('SELECT id, name FROM people WHERE id >= 3 ORDER BY id'), [
    ['3', 'name 3'],
    ['4', 'Dan'],
    ['5', 'Eve'],
  ]);
  assert.deepEqual(
    await read('SELECT file_name, line, "column", value FROM wharfinger_rejects ORDER BY file_name, line'),
    [
      [files[0]?.name, '2', 'id', '3'],
      [files[0]?.name, '4', 'id', 'NULL'],
      [files[1]?.name, '2', 'id', 'x'],
      [files[1]?.name, '3', 'id', '4'],
    ],
  );
  assert.deepEqual(await read("SELECT column_name FROM duckdb_columns() WHERE table_name = 'people'"), [
    ['id'],
    ['name'],
  ]);
  await assert.rejects(changeDuckDB(path, "INSERT INTO people VALUES (4, 'twice')"));
});

test('nothing is written where a file is to blame, where the lease has ended, and where it is given up', async (t) => {
  const { directory, path, load, read } = setUp(t);
  const good = fileToLoad(directory, 1, rowsOfText(3));
  const bad = fileToLoad(directory, 2, 'id,name\nx,Ann\ny,Bob\n');
  await assert.rejects(load([good, bad], { maxRejects: 1 }), FileFaultError);
  const ended = new Error('the lease has ended');
  const assertHeld = () => {
    throw ended;
  };
  await assert.rejects(load([good], { assertHeld }), ended);
  const given = new Error('given up');
  await assert.rejects(load([good], { signal: AbortSignal.abort(given) }), given);
  assert.equal(existsSync(path), true);
  assert.deepEqual(await read('SELECT table_name FROM duckdb_tables()'), []);
  assert.deepEqual((await load([good])).loaded, [{ fileId: 1, rows: 3, rejects: 0 }]);
});

test('a table that is gone, changed or a view is refused, and one that was cleared with its records is filled again', async (t) => {
  const { directory, path, load, read } = setUp(t);
  const file = fileToLoad(directory, 1, rowsOfText(3));
  const next = fileToLoad(directory, 2, rowsOfText(3, 10));
  await load([file]);
  await changeDuckDB(path, 'ALTER TABLE people ALTER id TYPE VARCHAR');
  await assert.rejects(load([next]), { trouble: 'refused', code: 'load.table-changed', message: /\bid\b/ });
  await changeDuckDB(path, 'ALTER TABLE people ALTER id TYPE BIGINT', 'ALTER TABLE people DROP name');
  await assert.rejects(load([next]), { trouble: 'refused', code: 'load.table-changed', message: /\bname\b/ });
  await changeDuckDB(path, 'DROP TABLE people');
  for (const files of [[file], [next]]) {
    await assert.rejects(load(files), { trouble: 'refused', code: 'load.table-gone' });
  }
  await changeDuckDB(path, 'CREATE VIEW people AS SELECT 1 AS id');
  await assert.rejects(load([next]), { trouble: 'refused', code: 'load.not-a-table' });
  await changeDuckDB(path, 'DROP VIEW people', 'DELETE FROM wharfinger_loads');
  assert.equal((await load([file])).loaded.length, 1);
  assert.deepEqual(await read('SELECT count(*) FROM people'), [['3']]);
});

test('a table that a person made is described, and loaded into', async (t) => {
  const { directory, path, using, load, read } = setUp(t);
  await changeDuckDB(path, 'CREATE TABLE People (id INT8, name TEXT, remark DOUBLE)');
  const columns = [...SCHEMA.columns, { name: 'remark', type: 'DOUBLE' }];
  assert.deepEqual(await using((target) => target.describe('people'), 'read'), columns);
  assert.equal(await using((target) => target.describe('nothing')), undefined);
  await load([fileToLoad(directory, 1, rowsOfText(2))]);
  assert.deepEqual(await read('SELECT id, remark FROM people ORDER BY id'), [
    ['1', null],
    ['2', null],
  ]);
});

const blames = (fileId: number, code: string) => (error: unknown) =>
  error instanceof FileFaultError && error.code === code && error.fault.fileId === fileId;

const CONSTRAINTS = [
  { what: 'NOT NULL', column: 'id BIGINT NOT NULL', row: 'NA,Ann' },
  { what: 'CHECK', column: 'id BIGINT CHECK (id < 100)', row: '100,Ann' },
  { what: 'UNIQUE', column: 'id BIGINT UNIQUE', row: '1,Ann' },
  // Each file by itself would do.
  { what: 'UNIQUE among files', column: 'id BIGINT UNIQUE', row: '10,Ann' },
  { what: 'REFERENCES', column: 'id BIGINT REFERENCES known (id)', row: '20,Ann' },
];

for (const { what, column, row } of CONSTRAINTS) {
  test(`a row that does not meet a person’s ${what} is a fault of its file alone`, async (t) => {
    const { directory, path, load, read } = setUp(t);
    const made = 'CREATE TABLE known (id BIGINT PRIMARY KEY)';
    const filled = 'INSERT INTO known SELECT unnest(range(20))';
    await changeDuckDB(path, made, filled, `CREATE TABLE people (${column}, name VARCHAR)`);
    await load([fileToLoad(directory, 1, rowsOfText(3))]);
    const first = fileToLoad(directory, 2, rowsOfText(3, 10));
    const last = fileToLoad(directory, 3, rowsOfText(2, 4));
    const bad = fileToLoad(directory, 4, `id,name\n8,Ann\n${row}\n`);
    await assert.rejects(load([first, bad, last]), blames(4, 'load.row-refused'));
    assert.deepEqual(await read('SELECT count(*) FROM people'), [['3']]);
    assert.equal((await load([first, last])).loaded.length, 2);
    assert.deepEqual(await read('SELECT count(*) FROM people'), [['8']]);
  });
}

test('with a key too, a row that a constraint refuses is a fault of its file', async (t) => {
  const { directory, path, load } = setUp(t);
  await changeDuckDB(path, 'CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR NOT NULL)');
  const files = [fileToLoad(directory, 1, rowsOfText(2)), fileToLoad(directory, 2, 'id,name\n7,NA\n')];
  await assert.rejects(load(files, { schema: { ...SCHEMA, key: ['id'] } }), blames(2, 'load.row-refused'));
});

test('a column that the table computes is none of its own, and a file that brings it is to blame', async (t) => {
  const { directory, path, using, load, read } = setUp(t);
  await changeDuckDB(
    path,
    `CREATE TABLE people (id BIGINT, "two ids" BIGINT AS (2 * id), name VARCHAR DEFAULT 'x', day DATE DEFAULT current_date)`,
  );
  const columns = [...SCHEMA.columns, { name: 'day', type: 'DATE' }];
  for (const access of ['load', 'read'] as const) {
    assert.deepEqual(await using((target) => target.describe('people'), access), columns);
  }
  const good = fileToLoad(directory, 1, rowsOfText(2));
  await load([good], { schema: { ...SCHEMA, columns } });
  assert.deepEqual(await read('SELECT id, "two ids", name FROM people ORDER BY id'), [
    ['1', '2', 'name 1'],
    ['2', '4', 'name 2'],
  ]);
  const added = [{ name: 'Two Ids', type: 'BIGINT' }];
  const bad = fileToLoad(directory, 2, 'id,name,Two Ids\n3,Ann,6\n', { added });
  await assert.rejects(load([fileToLoad(directory, 3, rowsOfText(1, 9)), bad]), blames(2, 'load.columns'));
});

test('what is on record of contents is found without their files', async (t) => {
  const { directory, path, using, load } = setUp(t);
  const { sha256 } = fileToLoad(directory, 1, 'id,name\n1,Ann\nx,Bob\n').csv.audit;
  const find = (table = 'people') => using(async (target) => target.find?.(table, [sha256, 'ab'.repeat(32)]));
  assert.deepEqual(await find(), new Map());
  await load([fileToLoad(directory, 1, 'id,name\n1,Ann\nx,Bob\n')]);
  assert.deepEqual(await find('People'), new Map([[sha256, { rows: 1, rejects: 1 }]]));
  assert.deepEqual(await find('others'), new Map());
  await changeDuckDB(path, 'DROP TABLE people');
  await assert.rejects(find(), { trouble: 'refused', code: 'load.table-gone' });
});

test('a file that was loaded into is not made anew where it is not there', async (t) => {
  const { directory, path, open, load, read } = setUp(t);
  await load([fileToLoad(directory, 1, rowsOfText(3))]);
  renameSync(path, `${path}.away`);
  const unmarked = { trouble: 'away', code: 'load.unmarked', retryable: true };
  await assert.rejects(open('load', true), unmarked);
  await assert.rejects(open('read', true), unmarked);
  assert.equal(existsSync(path), false);
  // Not mounted, its directory may not be there either.
  await assert.rejects(
    openDuckDBTarget({
      path: join(directory, 'not-mounted', 'tables.duckdb'),
      scratch: directory,
      threads: 1,
      memoryMiB: 64,
      expectsFile: true,
    }),
    unmarked,
  );
  renameSync(`${path}.away`, path);
  await (await open('load', true)).close();
  assert.deepEqual(await read('SELECT count(*) FROM people'), [['3']]);
});

test('whoever makes an empty database in the place of one that is gone begins anew', async (t) => {
  const { directory, path, open, load, read } = setUp(t);
  await load([fileToLoad(directory, 1, rowsOfText(3))]);
  renameSync(path, `${path}.away`);
  await changeDuckDB(path, 'SELECT 1');
  const target = await open('load', true);
  t.after(() => target.close());
  await target.load(loadOf([fileToLoad(directory, 2, rowsOfText(2))]));
  await target.close();
  assert.deepEqual(await read('SELECT count(*) FROM people'), [['2']]);
});

test('a file system that is read-only is away, and rights that are missing are refused', () => {
  const failed = (errno: string) => fileError(errno, errno, '/tables', new Error(errno));
  assert.equal(failed('EROFS').trouble, 'away');
  assert.equal(failed('EACCES').trouble, 'refused');
});

test('on a file system that is read-only nothing is loaded, and later it is', {
  skip: cannotMount() ?? false,
}, async (t) => {
  const files = tempDir(t);
  const directory = mountTmpfs(t, join(files, 'small'), 8 * 1024 * 1024);
  const path = join(directory, 'tables.duckdb');
  const open = () => openDuckDBTarget({ path, scratch: files, threads: 1, memoryMiB: 256 });
  const load = async (id: number) => {
    const target = await open();
    t.after(() => target.close());
    const result = await target.load(loadOf([fileToLoad(files, id, rowsOfText(id))]));
    await target.close();
    return result.loaded.length;
  };
  assert.equal(await load(1), 1);
  remount(directory, 'ro');
  await assert.rejects(open(), { trouble: 'away', code: 'load.target-io' });
  remount(directory, 'rw');
  assert.equal(await load(2), 1);
});

test('a census counts rows, and gives each record', async (t) => {
  const { directory, using, load } = setUp(t);
  assert.equal(await using((target) => target.census('people'), 'read'), undefined);
  const files = [fileToLoad(directory, 1, rowsOfText(3)), fileToLoad(directory, 2, rowsOfText(2, 5))];
  await load(files);
  await using(async (target) => {
    const census = (await target.census('people')) ?? assert.fail();
    const records: LoadRecord[] = [];
    for await (const record of census.records) records.push(record);
    assert.equal(census.rows, 5);
    assert.deepEqual(
      records.toSorted((a, b) => b.rows - a.rows),
      files.map(({ csv, name }, index) => ({
        sha256: csv.audit.sha256,
        fileName: name,
        rows: 3 - index,
        rejects: 0,
      })),
    );
  }, 'read');
});

test('within one process too a file is open once, but in another file’s directory', async (t) => {
  const { directory, path, open } = setUp(t);
  const first = await open();
  await assert.rejects(open(), { trouble: 'busy', code: 'load.target-busy' });
  await assert.rejects(open('read'), { trouble: 'busy' });
  const other = await openDuckDBTarget({
    path: join(directory, 'other.duckdb'),
    scratch: directory,
    threads: 1,
    memoryMiB: 64,
  });
  await other.close();
  await first.close();
  await first.close();
  await (await open()).close();
  assert.equal(existsSync(path), true);
});

test('a place that is no DuckDB file is told apart from one that is away', async (t) => {
  const { directory, path, open } = setUp(t);
  mkdirSync(path);
  await assert.rejects(open(), { trouble: 'refused' });
  const scratch = { scratch: directory, threads: 1, memoryMiB: 64 };
  const text = join(directory, 'text');
  writeFileSync(text, 'no database at all\n'.repeat(2000));
  await assert.rejects(openDuckDBTarget({ path: text, ...scratch }), {
    trouble: 'refused',
    code: 'load.target-no-database',
  });
  const missing = join(directory, 'not-mounted', 'tables.duckdb');
  await assert.rejects(openDuckDBTarget({ path: missing, ...scratch }), { trouble: 'away' });
});

test('where the disk is full nothing of the load is there, and later it is', {
  skip: cannotMount() ?? false,
}, async (t) => {
  const files = tempDir(t);
  const directory = mountTmpfs(t, join(files, 'small'), 3 * 1024 * 1024);
  const { load, read } = setUp(t, directory);
  await load([fileToLoad(files, 1, rowsOfText(10))]);
  const text = `id,name\n${Array.from({ length: 40_000 }, (_, id) => `${id},${Math.sin(id)} ${Math.cos(id)} ${Math.tan(id)}\n`).join('')}`;
  await assert.rejects(load([fileToLoad(files, 2, text)]), { trouble: 'away' });
  assert.deepEqual(await read('SELECT count(*) FROM people'), [['10']]);
  assert.deepEqual((await load([fileToLoad(files, 3, rowsOfText(5, 100))])).loaded, [
    { fileId: 3, rows: 5, rejects: 0 },
  ]);
});

const remount = (directory: string, how: 'ro' | 'rw') =>
  execFileSync('mount', ['-o', `remount,${how}`, directory], { stdio: 'pipe' });
