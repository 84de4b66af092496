import assert from 'node:assert/strict';
import { lstatSync } from 'node:fs';
import { test } from 'node:test';
import { toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { Custody, read, sha256Of } from '../../../../support/custody.ts';

test('a file is moved to its partition, recorded by one line and one row, and its job is gone', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('sub/orders.csv', 'a,b\n1,2\n');
  const { dev, ino, mtimeMs } = lstatSync(toBytes(path));
  await custody.hand.run();

  const [row] = custody.records.ledger();
  assert.ok(row !== undefined);
  const instant = new Date(row.decidedMs).toISOString();
  const partition = `ingest_date=${instant.slice(0, 10)}`;
  const destination = `${toText(custody.warehouse)}/${partition}/sub/orders.csv`;
  assert.deepEqual(custody.lines(), [
    {
      path: destination,
      sha256: sha256Of('a,b\n1,2\n'),
      device: dev,
      inode: ino,
      size: 8,
      mtime: Math.floor(mtimeMs / 1000),
      source: toText(path),
      ingested_at: instant,
      id: row.id,
      route: 'orders',
    },
  ]);
  const hour = `${instant.slice(0, 10).replaceAll('-', '/')}/${instant.slice(11, 13)}`;
  assert.deepEqual(
    custody.records.manifests().map(({ path, lines }) => ({ path: toText(path), lines })),
    [{ path: `${toText(custody.manifests)}/${hour}/manifest.jsonl`, lines: 1 }],
  );
  assert.equal(toText(row.destination), destination);
  assert.equal(read(row.destination), 'a,b\n1,2\n');
  assert.equal(lstatSync(toBytes(row.destination)).ino, ino);
  assert.deepEqual([custody.left(), custody.records.jobs()], [[], []]);
  await custody.assertSound(['a,b\n1,2\n']);
});

test('a batch of six hundred small files is committed whole, each file once', async (t) => {
  const custody = new Custody(t);
  const contents = new Map(Array.from({ length: 600 }, (_, n) => [`d${n % 7}/file-${n}`, `content ${n}`]));
  custody.offerAll(contents);
  await custody.hand.run();
  await custody.assertSound([...contents.values()]);
  assert.equal(custody.stored().length, 600);
  assert.deepEqual(custody.left(), []);
  const sum = custody.hand.progress.reduce((files, delta) => files + delta.files, 0);
  assert.equal(sum, 600, 'and progress counts each once');
});

test('a large file goes through the lane of its own and is committed as any other', async (t) => {
  const custody = new Custody(t);
  const content = Buffer.alloc(3 * 1024 * 1024 + 17, 'large ');
  custody.offer('large.csv', content);
  assert.equal(custody.records.jobs()[0]?.lane, 'alone');
  await custody.hand.run();
  await custody.assertSound([content]);
});

test('the files of one batch have the instant of their decision in common, in partition, hour and line', async (t) => {
  const custody = new Custody(t);
  for (const name of ['a', 'b', 'c']) custody.offer(name, name);
  await custody.hand.step();
  const lines = custody.lines();
  assert.equal(new Set(lines.map((line) => line.ingested_at)).size, 1);
  const [{ path = '', ingested_at = '' } = {}] = lines;
  assert.ok(path.includes(`/ingest_date=${ingested_at.slice(0, 10)}/`), path);
  assert.deepEqual(
    lines.map(({ id }) => id),
    [1, 2, 3],
  );
});

test('files of two routes go where their own route says', async (t) => {
  const custody = new Custody(t);
  const other = new Custody(t);
  const { warehouse, manifests } = other;
  const routeId = custody.saveRoute({ name: 'bills', input: other.input, warehouse, manifests });
  custody.offer('a', 'order');
  custody.enqueue(other.drop('a', 'bill'), { routeId });
  await custody.hand.run();
  assert.deepEqual([custody.stored(), other.stored()], [['a'], ['a']]);
  assert.deepEqual(
    custody.lines().map(({ route }) => route),
    ['orders'],
  );
  assert.deepEqual(
    other.lines().map(({ route }) => route),
    ['bills'],
  );
  assert.deepEqual(await custody.findings(), []);
});
