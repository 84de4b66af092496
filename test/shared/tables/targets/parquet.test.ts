import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import { cannotMount, mountTmpfs } from '../../../support/mounts.ts';
import { makeState } from '../../../support/state.ts';
import { fileToLoad, loadOf, readAny, rowsOfText, SCHEMA } from './load-lab.ts';
import { parquetLab } from './parquet-lab.ts';

const DAY = 'ingest_date=2024-11-02';

test('each task is one file in the directory of its day, which any reader of Parquet finds', async (t) => {
  const { scratch, load, read, names, directory } = parquetLab(t);
  const files = [
    fileToLoad(scratch, 1, 'id,name\n1,Ann\n1.5,Bob\n'),
    fileToLoad(scratch, 2, 'id,name\n2,Cem\n'),
    fileToLoad(scratch, 3, 'id,name\n3,Dan\n', { taskId: 2, ingestDate: '2024-11-03' }),
  ];
  assert.deepEqual(await load([files]), {
    loaded: [
      { fileId: 1, rows: 1, rejects: 1 },
      { fileId: 2, rows: 1, rejects: 0 },
      { fileId: 3, rows: 1, rejects: 0 },
    ],
    present: [],
  });
  assert.deepEqual(names(), [
    `people/${DAY}/part-1-*.parquet`,
    'people/ingest_date=2024-11-03/part-2-*.parquet',
    `people_rejects/${DAY}/part-1-*.parquet`,
  ]);
  assert.deepEqual((await read('SELECT *')).toSorted(), [
    ['1', 'Ann', '2024-11-02'],
    ['2', 'Cem', '2024-11-02'],
    ['3', 'Dan', '2024-11-03'],
  ]);
  assert.deepEqual(await read('SELECT file_name, line, "column", value', 'people_rejects'), [
    [files[0]?.name, '3', 'id', '1.5'],
  ]);
  const [about] = await readAny(
    `SELECT decode(value) FROM parquet_kv_metadata('${directory}/people/${DAY}/*.parquet') WHERE decode(key) = 'wharfinger'`,
  );
  assert.deepEqual(JSON.parse(String(about?.[0])), {
    task: 1,
    files: [1, 2].map((id) => ({ id, sha256: files[id - 1]?.csv.audit.sha256 })),
  });
});

test('a content that comes twice is there once, and is told with the numbers of its record', async (t) => {
  const { scratch, load, read, plans } = parquetLab(t);
  await load([[fileToLoad(scratch, 1, rowsOfText(3))]]);
  const again = fileToLoad(scratch, 2, rowsOfText(3), { taskId: 2 });
  const other = fileToLoad(scratch, 3, rowsOfText(2, 10), { taskId: 2 });
  assert.deepEqual(await load([[again, other]]), {
    loaded: [{ fileId: 3, rows: 2, rejects: 0 }],
    present: [{ fileId: 2, rows: 3, rejects: 0 }],
  });
  assert.deepEqual(await read('SELECT count(*), count(DISTINCT id)'), [['5', '5']]);
  assert.equal(plans(), 0);
});

test('a file whose content another task is publishing is for later, and the files beside it are loaded', async (t) => {
  const { scratch, load, read, state, directory, hold } = parquetLab(t);
  hold(1);
  const file = fileToLoad(scratch, 1, rowsOfText(3), { taskId: 2 });
  const other = fileToLoad(scratch, 2, rowsOfText(2, 10), { taskId: 2 });
  state
    .prepare("INSERT INTO load_contents VALUES (?, 'people', ?, 1, 0, 3, 0, 'a.parquet')")
    .run(directory, Buffer.from(file.csv.audit.sha256, 'hex'));
  mkdirSync(directory);
  writeFileSync(join(directory, '.wharfinger'), '');
  assert.deepEqual(await load([[file, other]]), {
    loaded: [{ fileId: 2, rows: 2, rejects: 0 }],
    present: [],
    later: [1],
  });
  assert.deepEqual(await load([[file]]), { loaded: [], present: [], later: [1] });
  assert.deepEqual(await read('SELECT count(*)'), [['2']]);
});

test('a content that another task has planned meanwhile is for later, and what was written of it goes', async (t) => {
  const { scratch, load, read, names, directory, otherState, hold } = parquetLab(t);
  const state = otherState();
  hold(2);
  const file = fileToLoad(scratch, 1, rowsOfText(3));
  const other = fileToLoad(scratch, 2, rowsOfText(2, 10));
  let times = 0;
  const crash = {
    reach(point: string) {
      if (point !== 'parquet.written') return;
      times += 1;
      if (times > 1) return;
      state
        .prepare("INSERT INTO load_contents VALUES (?, 'people', ?, 2, 0, 3, 0, 'a.parquet')")
        .run(directory, Buffer.from(file.csv.audit.sha256, 'hex'));
    },
  };
  const { loaded, later } = await load([[file, other]], { crash });
  assert.deepEqual([loaded, later], [[{ fileId: 2, rows: 2, rejects: 0 }], [1]]);
  assert.deepEqual(names(), [`people/${DAY}/part-1-*.parquet`]);
  state.exec('DELETE FROM load_contents WHERE task_id = 2');
  assert.deepEqual((await load([[file]])).loaded, [{ fileId: 1, rows: 3, rejects: 0 }]);
  assert.deepEqual(await read('SELECT count(*)'), [['5']]);
});

test('what is on record of contents is found without their files', async (t) => {
  const { scratch, directory, using, load, state } = parquetLab(t);
  const file = fileToLoad(scratch, 1, 'id,name\n1,Ann\nx,Bob\n');
  const { sha256 } = file.csv.audit;
  const find = () => using(async (target) => target.find?.('people', [sha256, 'ab'.repeat(32)]));
  assert.deepEqual(await find(), new Map());
  await load([[file]]);
  assert.deepEqual(await find(), new Map([[sha256, { rows: 1, rejects: 1 }]]));
  state.exec('UPDATE load_contents SET published = 0');
  assert.deepEqual(await find(), new Map());
  state.exec('UPDATE load_contents SET published = 1');
  renameSync(directory, `${directory}.away`);
  await assert.rejects(find(), { trouble: 'away', code: 'load.unmarked' });
});

test('files that are read one by one are one file of data all the same', async (t) => {
  const { scratch, load, read, names } = parquetLab(t);
  const files = [1, 2, 3].map((id) => fileToLoad(scratch, id, rowsOfText(2, id * 10)));
  const bad = fileToLoad(scratch, 4, 'name,id\nAnn,40\nBob,x\n');
  await load([[...files, bad], { lineage: true }]);
  assert.deepEqual((await read('SELECT id, _file_id, _line')).toSorted(), [
    ['10', '1', '2'],
    ['11', '1', '3'],
    ['20', '2', '2'],
    ['21', '2', '3'],
    ['30', '3', '2'],
    ['31', '3', '3'],
    ['40', '4', '2'],
  ]);
  assert.deepEqual(names(), [`people/${DAY}/part-1-*.parquet`, `people_rejects/${DAY}/part-1-*.parquet`]);
});

test('a column that is added later is NULL in earlier files, and a table without rows has its columns', async (t) => {
  const { scratch, load, read, using } = parquetLab(t);
  assert.equal(await using((target) => target.describe('people')), undefined);
  await load([[fileToLoad(scratch, 1, 'id,name\n')]]);
  assert.deepEqual(await using((target) => target.describe('people')), SCHEMA.columns);
  const added = [{ name: 'age', type: 'BIGINT' }];
  await load([[fileToLoad(scratch, 2, 'id,name,age\n2,Bob,44\n', { taskId: 2, added })], { lineage: true }]);
  await load([[fileToLoad(scratch, 3, rowsOfText(1), { taskId: 3 })]]);
  assert.deepEqual((await read('SELECT id, age, _file_id, _line')).toSorted(), [
    ['1', null, null, null],
    ['2', '44', '2', '2'],
  ]);
  assert.deepEqual(await using((target) => target.describe('people')), [...SCHEMA.columns, ...added]);
});

test('nothing is there where a file is to blame, where the lease has ended, and where it is given up', async (t) => {
  const { scratch, load, names, plans } = parquetLab(t);
  const good = fileToLoad(scratch, 1, rowsOfText(3));
  const bad = fileToLoad(scratch, 2, 'id,name\nx,Ann\ny,Bob\n', { taskId: 2 });
  await assert.rejects(load([[good, bad], { maxRejects: 1 }]), FileFaultError);
  const ended = new Error('the lease has ended');
  for (const last of [1, 2, 3]) {
    let calls = 0;
    const assertHeld = () => {
      calls += 1;
      if (calls === last) throw ended;
    };
    await assert.rejects(
      load([[fileToLoad(scratch, 10 + last, rowsOfText(last), { taskId: 3 })], { assertHeld }]),
      ended,
    );
  }
  await assert.rejects(load([[good], { signal: AbortSignal.abort(ended) }]), ended);
  assert.equal(
    names().some((name) => name.includes('part-1') || name.includes('part-2')),
    false,
  );
  // The third time it was published, and only not yet said so: that is for the next holder.
  assert.equal(plans(), 1);
  assert.deepEqual((await load([[fileToLoad(scratch, 20, rowsOfText(3), { taskId: 3 })]])).present, [
    { fileId: 20, rows: 3, rejects: 0 },
  ]);
});

test('a directory of another state file is refused, and one that is not mounted is away', async (t) => {
  const { scratch, directory, load } = parquetLab(t);
  await load([[fileToLoad(scratch, 1, rowsOfText(3))]]);
  const { state } = makeState(t);
  await assert.rejects(load([[fileToLoad(scratch, 2, rowsOfText(2))]], { state }), {
    trouble: 'refused',
    code: 'load.foreign',
  });
  renameSync(directory, `${directory}.away`);
  const next = fileToLoad(scratch, 3, rowsOfText(1), { taskId: 2 });
  await assert.rejects(load([[next]]), { trouble: 'away', code: 'load.unmarked' });
  mkdirSync(directory);
  await assert.rejects(load([[next]]), { trouble: 'away', code: 'load.unmarked' });
  assert.equal(existsSync(join(directory, 'people')), false);
  rmSync(directory, { recursive: true });
  renameSync(`${directory}.away`, directory);
  assert.equal((await load([[next]])).loaded.length, 1);
});

test('a table whose directory is gone is refused', async (t) => {
  const { scratch, directory, load } = parquetLab(t);
  await load([[fileToLoad(scratch, 1, rowsOfText(3))]]);
  rmSync(join(directory, 'people'), { recursive: true });
  await assert.rejects(load([[fileToLoad(scratch, 2, rowsOfText(2), { taskId: 2 })]]), {
    trouble: 'refused',
    code: 'load.table-gone',
  });
});

test('what a directory of Parquet files cannot hold is refused', async (t) => {
  const { scratch, load } = parquetLab(t);
  const files = [fileToLoad(scratch, 1, rowsOfText(1))];
  const column = (name: string, type: string) => ({
    schema: { ...SCHEMA, columns: [...SCHEMA.columns, { name, type }] },
  });
  for (const table of ['../people', 'a/b', '.people', '_people', 'people_rejects', '']) {
    await assert.rejects(load([files, { table }]), { trouble: 'refused', code: 'load.name' });
  }
  await assert.rejects(load([files, column('Ingest_Date', 'DATE')]), { code: 'load.name' });
  await assert.rejects(load([files, { schema: { ...SCHEMA, key: ['id'] } }]), { code: 'load.key' });
  for (const type of ['HUGEINT', 'INT128', 'UHUGEINT[]', 'INTERVAL', 'TIMETZ']) {
    await assert.rejects(load([files, column('extra', type)]), { trouble: 'refused', code: 'load.type' });
  }
});

test('a census counts rows, and gives each record', async (t) => {
  const { scratch, load, using } = parquetLab(t);
  assert.equal(await using((target) => target.census('people')), undefined);
  const files = [fileToLoad(scratch, 1, rowsOfText(3)), fileToLoad(scratch, 2, 'id,name\n9,Ann\nx,Bob\n')];
  await load([files]);
  await using(async (target) => {
    const census = (await target.census('people')) ?? assert.fail();
    const records: unknown[] = [];
    for await (const { sha256, rows, rejects } of census.records) records.push([sha256, rows, rejects]);
    assert.equal(census.rows, 4);
    assert.deepEqual(
      records,
      [
        [files[0]?.csv.audit.sha256, 3, 0],
        [files[1]?.csv.audit.sha256, 1, 1],
      ].toSorted(),
    );
  });
});

test('wildcards in the path of a directory are none', async (t) => {
  const { scratch, using } = parquetLab(t);
  const directory = join(scratch, "a[1]*'?");
  const files = [fileToLoad(scratch, 1, rowsOfText(3))];
  await using(
    async (target) => {
      await target.load(loadOf(files));
      assert.equal((await target.census('people'))?.rows, 3);
      assert.deepEqual(await target.describe('people'), SCHEMA.columns);
    },
    { directory },
  );
});

test('on a file system that is read-only nothing is loaded, and later it is', {
  skip: cannotMount() ?? false,
}, async (t) => {
  const { scratch, load } = parquetLab(t);
  const directory = mountTmpfs(t, join(scratch, 'small'), 8 * 1024 * 1024);
  const remount = (how: 'ro' | 'rw') =>
    execFileSync('mount', ['-o', `remount,${how}`, directory], { stdio: 'pipe' });
  const loadOne = async (fileId: number) =>
    (await load([[fileToLoad(scratch, fileId, rowsOfText(fileId))]], { directory })).loaded.length;
  assert.equal(await loadOne(1), 1);
  remount('ro');
  await assert.rejects(loadOne(2), { trouble: 'away', code: 'load.target-io' });
  remount('rw');
  assert.equal(await loadOne(2), 1);
});
