import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { jsonLines } from '../support/cli.ts';
import { Chandler, Slip, sums } from '../support/handed-on.ts';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { slowDown } from '../support/object-store/faults.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

test(
  'verify finds what is missing in a bucket and what is another there, and notes a server that is away',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const bucket = await swift().makeBucket();
    const chandler = new Chandler(t, swift(), [{ bucket, key: '{path}' }], proxy.url);
    for (const name of ['deleted', 'replaced', 'whole']) chandler.drop(name, `content of ${name}`);
    assert.equal((await chandler.once()).code, 0);
    const verify = async () => {
      const { code, stdout } = await chandler.command('verify', '--json');
      const lines = jsonLines(stdout);
      const found = lines.flatMap(({ problem, note, path }) => {
        const what = problem ?? note;
        return what === undefined ? [] : [`${what} ${path}`];
      });
      return { code, found: found.sort(), objects: lines.at(-1)?.objects };
    };
    assert.deepEqual(await verify(), { code: 0, found: [], objects: 3 });
    await swift()
      .client()
      .send(new DeleteObjectCommand({ Bucket: bucket, Key: 'deleted' }));
    await swift()
      .client()
      .send(new PutObjectCommand({ Bucket: bucket, Key: 'replaced', Body: 'CONTENT OF replaced' }));
    assert.deepEqual(await verify(), {
      code: 4,
      found: [`different-object s3://lab/${bucket}/replaced`, `missing-object s3://lab/${bucket}/deleted`],
      objects: 3,
    });
    await proxy.refuse();
    assert.deepEqual(await verify(), { code: 0, found: [`unasked-objects s3://lab/${bucket}`], objects: 3 });
  },
);

test('verify compares what a key has now, whoever sent it last', needsSwift, async (t) => {
  const slip = await Slip.make(t, swift(), { options: ['--after', 'keep'] });
  for (const content of ['first', 'second', 'third']) {
    slip.write('a', content);
    assert.equal((await slip.once()).code, 0);
  }
  const { code, stdout } = await slip.command('verify');
  assert.equal(code, 0, stdout);
});

test(
  'trace tells the whole way of a file through the warehouse into each bucket, by path and by content',
  needsSwift,
  async (t) => {
    const buckets = [await swift().makeBucket(), await swift().makeBucket()];
    const chandler = new Chandler(
      t,
      swift(),
      buckets.map((bucket) => ({ bucket, key: 'x/{path}' })),
    );
    chandler.drop('a.txt', 'content');
    assert.equal((await chandler.once()).code, 0);
    for (const subject of [chandler.at('a.txt'), Object.values(sums({ a: 'content' }))[0] ?? '']) {
      const { code, stdout } = await chandler.command('trace', subject);
      assert.equal(code, 0, stdout);
      for (const bucket of buckets) assert.match(stdout, new RegExp(`s3://lab/${bucket}`), subject);
      assert.equal(stdout.match(/x\/a\.txt/g)?.length, 2, stdout);
    }
    const status = await chandler.command('serve', 'status', '--json');
    const { untaken, buckets: found } = JSON.parse(status.stdout);
    assert.equal(untaken, 0);
    assert.deepEqual(
      found.map(({ bucket, completed, failed }: Record<string, unknown>) => ({ bucket, completed, failed })),
      buckets
        .map((bucket) => ({ bucket, completed: 1, failed: 0 }))
        .sort((a, b) => (a.bucket < b.bucket ? -1 : 1)),
    );
  },
);

test(
  'an upload that is dropped is given up where it is, with what lies on the server, and comes again only from an input',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const bucket = await swift().makeBucket();
    const chandler = new Chandler(t, swift(), [{ bucket, key: '{path}' }], proxy.url);
    chandler.drop('large.bin', randomBytes(20 * MIB));
    proxy.fail({ method: 'PUT', path: /partNumber=2/ }, slowDown);
    const { code, stderr } = await chandler.once({}, '--retry-seconds', '600');
    assert.equal(code, 3, stderr);
    assert.equal((await swift().uploads(bucket)).length, 1);
    const [job] = chandler.jobs();
    const dropped = await chandler.command('queue', 'drop', String(job?.id));
    assert.equal(dropped.code, 0, dropped.stderr);
    assert.deepEqual(chandler.ends(), ['large.bin gone']);
    assert.deepEqual(
      chandler
        .read<{ state: string }>('SELECT state FROM file_states ORDER BY rowid')
        .map(({ state }) => state),
      ['incoming', 'processing', 'gone'],
    );
    await proxy.restore();
    chandler.drop('next.txt', 'next');
    assert.equal((await chandler.once()).code, 0);
    assert.deepEqual(await chandler.objects(bucket), sums({ 'next.txt': 'next' }));
    assert.ok(existsSync(chandler.at('large.bin')));
    await chandler.assertAtRest(bucket);
  },
);

test('an upload of a sink that was given up is sent when it is asked for again', needsSwift, async (t) => {
  const proxy = await startFaultProxy(t, swift().url);
  const bucket = await swift().makeBucket();
  const chandler = new Chandler(t, swift(), [{ bucket, key: '{path}' }], proxy.url);
  chandler.drop('a.txt', 'a');
  proxy.fail({ method: 'PUT' }, slowDown);
  const { code, stderr } = await chandler.once({}, '--max-retries', '0');
  assert.equal(code, 3, stderr);
  assert.deepEqual(chandler.ends(), ['a.txt failed']);
  await proxy.restore();
  assert.equal((await chandler.once()).code, 3, 'it is not tried again by itself');
  const retried = await chandler.command('queue', 'retry', '--failed');
  assert.equal(retried.code, 0, retried.stderr);
  const last = await chandler.once();
  assert.equal(last.code, 0, last.stderr);
  assert.deepEqual(await chandler.objects(bucket), sums({ 'a.txt': 'a' }));
  assert.deepEqual(chandler.ends(), ['a.txt failed', 'a.txt completed']);
  await chandler.assertAtRest(bucket);
});

test(
  'a file that was uploaded and is still to be moved away cannot be dropped, and is not sent again',
  needsSwift,
  async (t) => {
    const slip = await Slip.make(t, swift());
    const sent = `${slip.root}/sent`;
    const args = ['--after', 'move', '--moved-to', sent];
    mkdirSync(sent);
    // A file where a directory is needed.
    writeFileSync(`${sent}/deep`, '');
    slip.write('deep/a.txt', 'a');
    const { code, stderr } = await slip.once({}, ...args);
    assert.equal(code, 3, stderr);
    const [job] = slip.jobs();
    assert.match(job?.reason ?? '', /it was uploaded, and cannot be moved away/);
    const dropped = await slip.command('queue', 'drop', String(job?.id));
    assert.equal(dropped.code, 2, dropped.stderr);
    assert.match(dropped.stderr, /has begun to move its file .*; nothing was changed/);
    rmSync(`${sent}/deep`);
    await slip.command('queue', 'retry', '--delayed');
    const last = await slip.once({}, ...args);
    assert.equal(last.code, 0, last.stderr);
    assert.ok(existsSync(`${sent}/deep/a.txt`));
    assert.deepEqual(slip.ends(), ['deep/a.txt completed']);
    await slip.assertAtRest(slip.bucket);
  },
);
