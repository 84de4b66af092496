import assert from 'node:assert/strict';
import { chmodSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { asNobody, needsRoot } from '../../support/as-nobody.ts';
import { HOUR_MS, StoreOfTest } from './harness.ts';

test('files are taken once, those of equal times and in any order too', async (t) => {
  const store = new StoreOfTest(t);
  const now = Date.now();
  for (const name of ['b', 'a', 'sub/c']) store.write(`${name}.csv`, undefined, now - 1000);
  assert.deepEqual(
    { ...(await store.scan()), bytes: 0 },
    {
      seen: 3,
      added: 3,
      bytes: 0,
      tasks: 1,
      incomplete: 0,
      isWhole: true,
    },
  );
  for (const name of ['d', 'sub/e']) store.write(`${name}.csv`, undefined, now - 1000);
  store.write('f.csv', undefined, now - 5000);
  assert.equal((await store.scan()).added, 3);
  assert.equal((await store.scan()).added, 0);
  assert.deepEqual(store.taken(), ['a.csv', 'b.csv', 'd.csv', 'f.csv', 'sub/c.csv', 'sub/e.csv']);
});

test('a file that arrives late with an old modification time is taken', async (t) => {
  const store = new StoreOfTest(t);
  store.write('a.csv');
  await store.scan();
  store.write('old.csv', undefined, Date.UTC(2001, 1, 1));
  assert.equal((await store.scan()).added, 1);
  assert.deepEqual(store.taken(), ['a.csv', 'old.csv']);
});

test('a modification time that lies ahead neither hides a file nor brings it twice', async (t) => {
  const store = new StoreOfTest(t, { stabilityMs: 1000 });
  store.write('ahead.csv', undefined, Date.UTC(2100, 1, 1));
  store.aheadMs = 5000;
  assert.equal((await store.scan()).added, 1);
  store.aheadMs = 3 * HOUR_MS;
  assert.equal((await store.scan()).added, 0);
});

test('a first scan looks back one interval and no further', async (t) => {
  const store = new StoreOfTest(t);
  store.write('a.csv');
  store.aheadMs = 2 * HOUR_MS;
  const first = await store.scan();
  assert.deepEqual([first.seen, first.added], [1, 0]);
  store.settings = { ...store.settings, intervalMs: 3 * HOUR_MS };
  assert.equal((await store.scan()).added, 1);
});

test('what came while nobody scanned is taken, however long that was', async (t) => {
  const store = new StoreOfTest(t);
  store.write('a.csv');
  await store.scan();
  store.write('b.csv');
  store.aheadMs = 100 * HOUR_MS;
  assert.equal((await store.scan()).added, 1);
});

test('a file that is written anew is another file', async (t) => {
  const store = new StoreOfTest(t);
  const path = store.write('a.csv');
  await store.scan();
  truncateSync(path, 1);
  assert.equal((await store.scan()).added, 1);
  assert.deepEqual(store.taken(), ['a.csv', 'a.csv']);
});

test('the mark does not pass a file that may still be written to', async (t) => {
  const store = new StoreOfTest(t, { stabilityMs: 10 * HOUR_MS });
  const path = store.write('a.csv');
  store.write('b.csv');
  const first = await store.scan();
  assert.deepEqual([first.added, first.incomplete], [0, 2]);
  assert.ok(Number(store.markMs()) <= statSync(path).ctimeMs);
  store.aheadMs = 9 * HOUR_MS;
  assert.equal((await store.scan()).incomplete, 2);
  assert.ok(Number(store.markMs()) <= statSync(path).ctimeMs);
  store.aheadMs = 11 * HOUR_MS;
  assert.equal((await store.scan()).added, 2);
  assert.ok(Number(store.markMs()) > statSync(path).ctimeMs);
});

test('a file that somebody has open for writing is not complete', async (t) => {
  const store = new StoreOfTest(t);
  store.write('a.csv');
  const { added, incomplete } = await store.scan({ kernel: { hasOpenWriter: () => 'yes' } });
  assert.deepEqual([added, incomplete], [0, 1]);
  assert.equal((await store.scan()).added, 1);
});

test('hidden, temporary and excluded names are not taken', async (t) => {
  const store = new StoreOfTest(t, { include: ['**/*.csv'], exclude: ['skip/**'] });
  for (const name of ['a.csv', '.b.csv', '.c/d.csv', 'e.csv.part', 'f.txt', 'skip/g.csv', 'sub/h.csv'])
    store.write(name);
  assert.equal((await store.scan()).seen, 2);
  assert.deepEqual(store.taken(), ['a.csv', 'sub/h.csv']);
  store.into('others');
  store.settings = { ...store.settings, recursive: false, include: [] };
  await store.scan();
  assert.deepEqual(store.taken(), ['a.csv', 'a.csv', 'f.txt', 'sub/h.csv']);
});

test('a scan that ends in the middle leaves the rest to the next, however much later that is', async (t) => {
  const store = new StoreOfTest(t);
  const names = Array.from({ length: 2500 }, (_, n) => `f${n}.csv`);
  for (const name of names) store.write(name, 'id\n');
  const died = new Error('died');
  await assert.rejects(
    store.scan({
      onTaken: () => {
        throw died;
      },
    }),
    died,
  );
  assert.ok(store.taken().length >= 1000 && store.taken().length < 2500);
  store.aheadMs = 30 * HOUR_MS;
  await store.scan();
  assert.deepEqual(store.taken(), names.toSorted());
});

test('a store is scanned for each of its tables', async (t) => {
  const store = new StoreOfTest(t);
  store.write('a.csv');
  await store.scan();
  store.into('others');
  assert.equal((await store.scan()).added, 1);
  assert.deepEqual(store.taken(), ['a.csv', 'a.csv']);
});

test('the mark stays where nothing is seen: the store may not be mounted', async (t) => {
  const store = new StoreOfTest(t);
  await store.scan();
  const before = store.markMs();
  store.aheadMs = 5 * HOUR_MS;
  await store.scan();
  assert.equal(store.markMs(), before);
});

test('the mark goes back with a clock that is set back', async (t) => {
  const store = new StoreOfTest(t);
  store.write('a.csv');
  store.aheadMs = 50 * HOUR_MS;
  await store.scan();
  assert.ok(Number(store.markMs()) > Date.now());
  store.aheadMs = 0;
  store.write('b.csv');
  await store.scan();
  assert.ok(Number(store.markMs()) <= Date.now());
  assert.ok(store.taken().includes('b.csv'));
});

test('a directory that cannot be read keeps the mark where it is', needsRoot, async (t) => {
  const store = new StoreOfTest(t);
  for (const name of ['a.csv', 'locked/b.csv']) store.write(name);
  for (const path of [store.root, store.store]) chmodSync(path, 0o755);
  const locked = join(store.store, 'locked');
  chmodSync(locked, 0o700);
  const refused: string[] = [];
  const onRefused = (_error: unknown, directory: string): void => void refused.push(directory);
  const first = await asNobody(() => store.scan({ onRefused }));
  assert.deepEqual([first.added, first.isWhole, refused], [1, false, [locked]]);
  store.aheadMs = 20 * HOUR_MS;
  assert.deepEqual((await store.scan()).added, 1);
  assert.deepEqual(store.taken(), ['a.csv', 'locked/b.csv']);
});

test('files are put into tasks of the size that the sink says', async (t) => {
  const store = new StoreOfTest(t);
  store.settings = { ...store.settings, sink: { ...store.settings.sink, taskBytes: 100 } };
  for (let n = 0; n < 6; n += 1) store.write(`f${n}.csv`, 'x'.repeat(40));
  store.write('large.csv', 'x'.repeat(200));
  assert.equal((await store.scan()).tasks, 4);
});
