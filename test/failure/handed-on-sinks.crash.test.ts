import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Chandler, sums } from '../support/handed-on.ts';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { sha256Of } from '../support/wharf.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;
const PATH = { key: '{path}' };

test(
  'one sink gets every file once while the bucket of the other is missing, and that one follows when it is made',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const [there, missing] = [await swift().makeBucket(), `bucket-${randomBytes(6).toString('hex')}`];
    const chandler = new Chandler(
      t,
      swift(),
      [
        { bucket: there, ...PATH },
        { bucket: missing, ...PATH },
      ],
      proxy.url,
    );
    const contents = { 'a.txt': 'a', 'deep/b.txt': 'b', 'large.bin': randomBytes(17 * MIB) };
    for (const [name, content] of Object.entries(contents)) chandler.drop(name, content);
    chandler.drop('again.txt', 'a');
    const first = await chandler.once();
    assert.equal(first.code, 3, first.stderr);
    assert.match(first.stderr, new RegExp(`there is no bucket ${missing} at profile lab; make it`));
    assert.deepEqual(await chandler.objects(there), sums(contents));
    assert.equal(chandler.jobs().length, 3, 'duplicates are not sent');
    await swift().makeBucket(missing);
    const second = await chandler.once();
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(await chandler.objects(missing), sums(contents));
    const puts = proxy.requests.filter(({ method, status }) => method === 'PUT' && status === 200);
    assert.equal(puts.length, 2 * (2 + 3), 'each file once, and three parts of the large one');
    assert.deepEqual(chandler.ends().sort(), [
      ...Array(2).fill('a.txt completed'),
      ...Array(2).fill('deep/b.txt completed'),
      ...Array(2).fill('large.bin completed'),
    ]);
    await chandler.assertAtRest(there, missing);
  },
);

for (const [what, settings, content] of [
  ['a small file', {}, 'committed'],
  ['a large file', {}, randomBytes(17 * MIB)],
  ['a file that is to be unpacked', { decompress: true }, gzipSync('committed')],
] as const)
  test(`${what} that was damaged in the warehouse is not uploaded, and says so`, needsSwift, async (t) => {
    const bucket = `bucket-${randomBytes(6).toString('hex')}`;
    const chandler = new Chandler(t, swift(), [{ bucket, ...PATH, ...settings }]);
    chandler.drop('a.csv', content);
    const first = await chandler.once();
    assert.equal(first.code, 3, first.stderr);
    // A whole file of its kind, so that nothing but its sum can tell.
    const damaged = 'decompress' in settings ? gzipSync('damaged') : Buffer.from(content).fill(0, 0, 5);
    writeFileSync(chandler.at('a.csv'), damaged);
    await swift().makeBucket(bucket);
    const second = await chandler.once();
    assert.equal(second.code, 3, second.stderr);
    assert.match(chandler.jobs()[0]?.reason ?? '', /is not what was committed: its sha256 is/);
    assert.deepEqual(chandler.ends(), ['a.csv failed']);
    assert.deepEqual(await swift().objects(bucket), []);
    assert.deepEqual(await swift().uploads(bucket), []);
    // Somebody brings back what was there.
    writeFileSync(chandler.at('a.csv'), content);
    const { code, stderr } = await chandler.command('queue', 'retry', '--failed');
    assert.equal(code, 0, stderr);
    const third = await chandler.once();
    assert.equal(third.code, 0, third.stderr);
    assert.deepEqual(
      await chandler.objects(bucket),
      sums({ 'a.csv': 'decompress' in settings ? 'committed' : content }),
    );
    assert.deepEqual(chandler.ends(), ['a.csv failed', 'a.csv completed']);
    await chandler.assertAtRest(bucket);
  });

test(
  'what a sink had in the queue when it was taken out is still sent, and nothing new',
  needsSwift,
  async (t) => {
    const [kept, removed] = [await swift().makeBucket(), `bucket-${randomBytes(6).toString('hex')}`];
    const stays = { bucket: kept, name: 'kept', ...PATH };
    const chandler = new Chandler(t, swift(), [stays, { bucket: removed, name: 'removed', ...PATH }]);
    chandler.drop('before.txt', 'before');
    assert.equal((await chandler.once()).code, 3);
    chandler.configure([stays]);
    await swift().makeBucket(removed);
    chandler.drop('after.txt', 'after');
    const { code, stderr } = await chandler.once();
    assert.equal(code, 0, stderr);
    assert.deepEqual(await chandler.objects(removed), sums({ 'before.txt': 'before' }));
    assert.deepEqual(await chandler.objects(kept), sums({ 'before.txt': 'before', 'after.txt': 'after' }));
  },
);

test('keys are made as the template says', needsSwift, async (t) => {
  const bucket = await swift().makeBucket();
  const key = 'x/{route}/{ingest_date}/{hour}/{name}';
  const chandler = new Chandler(t, swift(), [{ bucket, key }]);
  chandler.drop('one/a.txt', 'one');
  chandler.drop('two/a.txt', 'two');
  const { code, stderr } = await chandler.once();
  assert.equal(code, 0, stderr);
  const objects = await swift().objects(bucket);
  const keys = objects.map(({ key: name }) => name);
  assert.equal(keys.length, 2, 'neither has overwritten the other');
  for (const name of keys) assert.match(name, /^x\/orders\/\d{4}-\d\d-\d\d\/\d\d\/a(\.[0-9a-f]{8})?\.txt$/);
  assert.deepEqual(Object.values(await chandler.objects(bucket)).sort(), ['one', 'two'].map(sha256Of).sort());
});

test('while a warehouse is away its files wait, and are sent when it is back', needsSwift, async (t) => {
  const bucket = `bucket-${randomBytes(6).toString('hex')}`;
  const chandler = new Chandler(t, swift(), [{ bucket, ...PATH }]);
  await using program = chandler.run({}, '--workers', '1');
  await program.waitFor('discoverer.started');
  for (const name of ['a.txt', 'b.txt']) chandler.drop(name, name);
  await chandler.until('both wait', () => chandler.records().length === 2);
  const away = join(chandler.root, 'away');
  renameSync(chandler.warehouse, away);
  await swift().makeBucket(bucket);
  await chandler.command('queue', 'retry', '--delayed');
  await chandler.until(
    'the files are missed',
    () =>
      chandler.jobs().length === 0 ||
      chandler.jobs().every(({ state, reason }) => state === 'delayed' && /warehouse/.test(reason ?? '')),
  );
  renameSync(away, chandler.warehouse);
  await chandler.command('queue', 'retry', '--delayed');
  await chandler.until('all is sent', () => chandler.jobs().length === 0);
  assert.equal((await program.stop()).code, 0);
  assert.deepEqual(await chandler.objects(bucket), sums({ 'a.txt': 'a.txt', 'b.txt': 'b.txt' }));
  assert.deepEqual(chandler.ends(), ['a.txt completed', 'b.txt completed']);
});

test(
  'a file that somebody took out of the warehouse is given up, and the next of its name is sent',
  needsSwift,
  async (t) => {
    const bucket = `bucket-${randomBytes(6).toString('hex')}`;
    const chandler = new Chandler(t, swift(), [{ bucket, ...PATH }]);
    chandler.drop('a.txt', 'first');
    assert.equal((await chandler.once()).code, 3);
    rmSync(chandler.at('a.txt'));
    chandler.drop('a.txt', 'second');
    assert.equal((await chandler.once()).code, 3);
    await swift().makeBucket(bucket);
    const { code, stderr } = await chandler.once();
    assert.equal(code, 0, stderr);
    assert.ok(existsSync(chandler.at('a.txt')));
    assert.deepEqual(await chandler.objects(bucket), sums({ 'a.txt': 'second' }));
    assert.deepEqual(chandler.ends(), ['a.txt gone', 'a.txt completed']);
    await chandler.assertAtRest(bucket);
  },
);

test(
  'a file that takes the place of one that is on its way is sent as well, whatever becomes of that one',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const bucket = await swift().makeBucket();
    const chandler = new Chandler(t, swift(), [{ bucket, key: '{path}' }], proxy.url);
    const held = proxy.pauseAt({ method: 'PUT' });
    await using program = chandler.run();
    await program.waitFor('discoverer.started');
    chandler.drop('a.txt', 'first');
    await held.reached;
    rmSync(chandler.at('a.txt'));
    chandler.drop('a.txt', 'second');
    await program.waitFor(({ event, sha256 }) => event === 'file.ingested' && sha256 === sha256Of('second'));
    held.release();
    await chandler.until('nothing waits', () => chandler.jobs().length === 0);
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(await chandler.objects(bucket), sums({ 'a.txt': 'second' }));
    assert.deepEqual(chandler.ends(), ['a.txt completed', 'a.txt completed'], 'one after the other');
    await chandler.assertAtRest(bucket);
  },
);
