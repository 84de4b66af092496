import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import type { LoadTools } from '../../../../../apps/worker/handlers/load/tools.ts';
import { join, toBytes } from '../../../../../shared/fs/byte-path.ts';
import { BundleError } from '../../../../../shared/tables/engine/bundle.ts';
import { retryTasks } from '../../../../../shared/tables/inspect/retry-tasks.ts';
import { FakeDatabase } from '../../../../support/fake-target.ts';
import { Loads, loadSink } from '../../../../support/loads.ts';

test('the files of several tasks are loaded by one statement, and settled with their numbers', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 12, maxRejects: 5 })]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\n2\n', b: 'x\n3\nreject\n', c: 'x\n4\n' });
  const hand = loads.hand(database.tools);
  assert.equal(await hand.step(), 3);
  assert.deepEqual(database.loads, [['a', 'b', 'c']]);
  assert.deepEqual(database.rows, ['1', '2', '3', '4']);
  assert.deepEqual(
    loads.tasks().map(({ status }) => status),
    ['LOADED', 'LOADED', 'LOADED'],
  );
  assert.deepEqual(
    loads.files().map(({ state, rows, rejects }) => [state, rows, rejects]),
    [
      ['loaded', 2, 0],
      ['loaded', 1, 1],
      ['loaded', 1, 0],
    ],
  );
  assert.deepEqual(loads.jobs(), []);
  assert.deepEqual(loads.totals(), { files: 3, rows: 4, rejects: 1 });
  assert.ok(loads.scanner().every(({ status }) => status === 'SENT_FOR_ETL'));
  assert.equal(hand.said('load.loaded').length, 3);
  assert.equal(hand.said('load.rejected').length, 1);
});

test('a bad file fails alone, in a task of its own, and the others load', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\n', b: 'x\nBAD\n', c: 'x\nBROKEN\n', d: 'x\n2\n' });
  const hand = loads.hand(database.tools);
  await hand.step();
  assert.deepEqual(database.rows.toSorted(), ['1', '2']);
  const [first, ...own] = loads.tasks();
  assert.equal(first?.status, 'LOADED');
  assert.deepEqual(
    own.map(({ status }) => status),
    ['FAILED', 'FAILED'],
  );
  for (const { failure_msg } of own) assert.match(failure_msg ?? '', /it is load\.\w+\n.*Error.*\n\s+at /s);
  assert.deepEqual(
    loads.files().map(({ file, task_id, state, reason }) => [file, task_id === 1, state, reason]),
    [
      ['a', true, 'loaded', null],
      ['b', false, 'failed', 'it is load.bad'],
      ['c', false, 'failed', 'it is load.broken'],
      ['d', true, 'loaded', null],
    ],
  );
  assert.deepEqual(
    loads
      .jobs()
      .map(({ state, reason }) => `${state}: ${reason}`)
      .toSorted(),
    ['failed: it is load.bad', 'failed: it is load.broken'],
  );
  assert.equal(
    hand.progress.reduce((sum, { failed }) => sum + failed, 0),
    2,
  );
});

test('a task whose only file is bad fails itself, and is loaded when it was mended and is tried again', async (t) => {
  const loads = new Loads(t, [loadSink({ onColumns: 'fail' })]);
  const database = new FakeDatabase();
  database.columns = [{ name: 'y', type: 'VARCHAR' }];
  loads.commit({ a: 'x\n1\n' });
  const hand = loads.hand(database.tools);
  await hand.step();
  assert.deepEqual(
    [loads.tasks()[0]?.status, loads.files()[0]?.state, loads.jobs()[0]?.state],
    ['FAILED', 'failed', 'failed'],
  );
  database.columns = [{ name: 'x', type: 'VARCHAR' }];
  assert.equal(retryTasks(loads.fixture.state, [1], Date.now()), 1);
  await hand.step();
  assert.deepEqual(
    [loads.tasks()[0]?.status, loads.tasks()[0]?.failure_msg, loads.files()[0]?.state],
    ['LOADED', null, 'loaded'],
  );
  assert.deepEqual(loads.jobs(), []);
});

test('a task all of whose files are bad ends failed, each file in a task of its own', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\nBAD\n', b: 'x\nBAD\n\n', c: 'x\nBAD\n\n\n' });
  await loads.hand(database.tools).step();
  assert.deepEqual(
    loads.tasks().map(({ status }) => status),
    ['FAILED', 'FAILED', 'FAILED'],
  );
  assert.equal(new Set(loads.files().map(({ task_id }) => task_id)).size, 3);
  assert.ok(loads.jobs().every(({ state }) => state === 'failed'));
  assert.deepEqual(database.rows, []);
});

test('a file that somebody took out of the warehouse fails alone', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const { tools, rows } = new FakeDatabase();
  const [gone] = loads.commit({ a: 'x\n1\n', b: 'x\n2\n' });
  assert.ok(gone !== undefined);
  rmSync(toBytes(gone.destination));
  const { openCsv } = await import('../../../../../shared/tables/csv/open-csv.ts');
  const real: typeof tools.openCsv = async (options, signal) => {
    (await openCsv(options, signal)).close();
    return tools.openCsv(options, signal);
  };
  await loads.hand({ ...tools, openCsv: real }).step();
  assert.deepEqual(rows, ['2']);
  assert.deepEqual(
    loads.files().map(({ state }) => state),
    ['failed', 'loaded'],
  );
});

test('while the warehouse is not mounted its tasks wait, at no charge', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\n' });
  rmSync(toBytes(join(loads.fixture.warehouse, '.wharfinger')));
  const hand = loads.hand(database.tools);
  await hand.step();
  const [job] = loads.jobs();
  assert.deepEqual([job?.state, job?.attempts, loads.tasks()[0]?.status], ['delayed', 0, 'NEW']);
  assert.match(job?.reason ?? '', /mount its file system/);
  assert.equal(database.opened, 0);
});

test('a content that is there of another file is present, and counted once', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const { state } = loads.fixture;
  loads.commit({ a: 'x\n1\n2\n' });
  const hand = loads.hand(database.tools);
  await hand.step();
  state.prepare('UPDATE ledger SET dedupe_scope = NULL').run();
  loads.commit({ again: 'x\n1\n2\n' });
  await hand.step();
  assert.deepEqual(
    loads.files().map(({ file, state: is, rows }) => [file, is, rows]),
    [
      ['a', 'loaded', 2],
      ['again', 'present', 2],
    ],
  );
  assert.deepEqual(database.rows, ['1', '2']);
  assert.deepEqual(loads.totals(), { files: 1, rows: 2, rejects: 0 });
});

test('two files of one content in one claim are loaded once', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const { state } = loads.fixture;
  const rows = loads.commit({ a: 'x\n1\n' });
  state.prepare('UPDATE ledger SET dedupe_scope = NULL').run();
  rows.push(...loads.commit({ b: 'x\n1\n', c: 'x\n2\n' }));
  await loads.hand(database.tools).step();
  assert.deepEqual(
    loads.files().map(({ state: is }) => is),
    ['loaded', 'present', 'loaded'],
  );
  assert.deepEqual(database.rows, ['1', '2']);
});

test('thousands of small files of one task are loaded in a few statements', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 10 * 1024 * 1024 })]);
  const database = new FakeDatabase();
  const names = Array.from({ length: 1200 }, (_, index) => [`f${index}`, `x\n${index}\n`]);
  loads.commit(Object.fromEntries(names));
  await loads.hand(database.tools).step();
  assert.deepEqual(
    database.loads.map((files) => files.length),
    [1000, 200],
  );
  assert.deepEqual(loads.totals(), { files: 1200, rows: 1200, rejects: 0 });
  assert.equal(loads.tasks()[0]?.status, 'LOADED');
});

test('small files that were not read together as expected are loaded one by one', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const asked: (boolean | undefined)[] = [];
  const openTarget: LoadTools['openTarget'] = async (...args) => {
    const target = await database.tools.openTarget(...args);
    return {
      ...target,
      async load(load) {
        asked.push(load.unbundled);
        if (load.unbundled !== true) throw new BundleError();
        return await target.load(load);
      },
    };
  };
  loads.commit({ a: 'x\n1\n', b: 'x\n2\n' });
  await loads.hand({ ...database.tools, openTarget }).step();
  assert.deepEqual(asked, [undefined, true]);
  assert.deepEqual(database.rows, ['1', '2']);
  assert.equal(loads.tasks()[0]?.status, 'LOADED');
});

test('a file with another header than the one before is matched by itself', async (t) => {
  const loads = new Loads(t, [loadSink({ onColumns: 'ignore' })]);
  const database = new FakeDatabase();
  const matched: string[][] = [];
  const matchColumns: LoadTools['matchColumns'] = (csv, ...args) => {
    matched.push(csv.firstRecord);
    return database.tools.matchColumns(csv, ...args);
  };
  loads.commit({ a: 'x,y\n1,1\n', b: 'x,y\n2,2\n', c: 'y,x\n3,3\n', d: 'x\n4\n' });
  await loads.hand({ ...database.tools, matchColumns }).step();
  assert.deepEqual(matched, [['x', 'y'], ['y', 'x'], ['x']]);
  assert.equal(loads.totals()?.files, 4);
});

test('columns that files add are kept for those that come later', async (t) => {
  const loads = new Loads(t, [loadSink({ onColumns: 'add' })]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\n', b: 'x,y\n1,2\n', c: 'x,y\n3,4\n' });
  await loads.hand(database.tools).step();
  assert.deepEqual(
    database.columns?.map(({ name }) => name),
    ['x', 'y'],
  );
  const kept = loads.fixture.state.prepare<[], { schema: string }>('SELECT schema FROM load_schemas').get();
  assert.deepEqual(
    JSON.parse(kept?.schema ?? '{}').columns.map(({ name }: { name: string }) => name),
    ['x', 'y'],
  );
});

test('a first file that will not do is no example for the others', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  loads.commit({ a: 'garbage\nBAD\n', b: 'x\n1\n', c: 'x\n2\n' });
  const hand = loads.hand(database.tools);
  await hand.step();
  assert.deepEqual(
    loads.files().map(({ state }) => state),
    ['failed', 'loaded', 'loaded'],
  );
  assert.deepEqual(database.rows.toSorted(), ['1', '2']);
});
