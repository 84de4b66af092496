import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Slip, sums } from '../support/handed-on.ts';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { sha256Of } from '../support/wharf.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

/** What is in the bucket, whatever its key. */
const contentsOf = async (slip: Slip) => Object.values(await slip.objects(slip.bucket)).sort();

const both = (...contents: readonly (string | Buffer)[]) => contents.map(sha256Of).sort();

test(
  'a file that is rewritten while it is uploaded stays, and what was and what is are both in the bucket',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const slip = await Slip.make(t, swift(), { url: proxy.url });
    const held = proxy.pauseAt({ method: 'PUT', path: /a\.txt/ });
    await using program = slip.run();
    await program.waitFor('discoverer.started');
    const source = slip.write('a.txt', 'first');
    await held.reached;
    writeFileSync(source, 'second');
    held.release();
    await program.waitFor('file.put_back');
    await slip.until('it left', () => slip.left().length === 0);
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(
      await slip.objects(slip.bucket),
      sums({ 'a.txt': 'first', [`a.${sha256Of('second').slice(0, 8)}.txt`]: 'second' }),
    );
    await slip.assertAtRest(slip.bucket);
  },
);

test(
  'a file that is rewritten with the size and the times that it had is not removed for what it was',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const slip = await Slip.make(t, swift(), { url: proxy.url });
    const held = proxy.pauseAt({ method: 'PUT', path: /a\.txt/ });
    await using program = slip.run();
    await program.waitFor('discoverer.started');
    const source = slip.write('a.txt', 'first!');
    utimesSync(source, 1_600_000_000, 1_600_000_000);
    await held.reached;
    writeFileSync(source, 'second');
    utimesSync(source, 1_600_000_000, 1_600_000_000);
    assert.equal(statSync(source).mtimeMs, 1_600_000_000_000);
    held.release();
    await slip.until('it left', () => slip.left().length === 0);
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(await contentsOf(slip), both('first!', 'second'));
  },
);

test(
  'a large file that is written to while its parts are sent is sent as it is in the end',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const slip = await Slip.make(t, swift(), { url: proxy.url });
    const held = proxy.pauseAt({ method: 'PUT', path: /partNumber=2/ });
    await using program = slip.run();
    await program.waitFor('discoverer.started');
    const content = randomBytes(20 * MIB);
    const source = slip.write('a.bin', content);
    await held.reached;
    const fd = openSync(source, 'r+');
    writeSync(fd, 'written', 0);
    closeSync(fd);
    content.write('written', 0);
    held.release();
    await slip.until('it left', () => slip.left().length === 0);
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(await slip.objects(slip.bucket), sums({ 'a.bin': content }));
    await slip.assertAtRest(slip.bucket);
  },
);

test(
  'a file of the same name that takes its place while it is uploaded is uploaded as well',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const slip = await Slip.make(t, swift(), { url: proxy.url });
    const held = proxy.pauseAt({ method: 'PUT', path: /a\.txt/ });
    await using program = slip.run();
    await program.waitFor('discoverer.started');
    const source = slip.write('a.txt', 'first');
    await held.reached;
    const next = join(slip.root, 'next');
    writeFileSync(next, 'second');
    renameSync(next, source);
    held.release();
    await slip.until('it left', () => slip.left().length === 0);
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(await contentsOf(slip), both('first', 'second'));
    assert.deepEqual(slip.ends(), ['a.txt completed', 'a.txt completed']);
  },
);

for (const point of ['upload.sent', 'upload.concluded', 'upload.moved-out', 'upload.out-durable'])
  test(
    `a file that a program goes on writing while its worker dies at ${point} is not lost`,
    needsSwift,
    async (t) => {
      const slip = await Slip.make(t, swift());
      const [died, pause] = [join(slip.root, 'died'), join(slip.root, 'pause')];
      const source = slip.write('a.txt', 'first');
      await using program = slip.run(
        {
          WHARFINGER_PAUSE_AT: 'upload.sent',
          WHARFINGER_PAUSE_FILE: pause,
          WHARFINGER_CRASH_AT: point,
          WHARFINGER_CRASH_ONCE: died,
        },
        ...['--workers', '1'],
      );
      await slip.until('it is sent', () => existsSync(pause));
      const fd = openSync(source, 'a');
      rmSync(pause);
      await program.waitFor('worker.died');
      assert.ok(existsSync(died), `${point} was reached`);
      await slip.until('it has its name again', () => existsSync(source));
      writeSync(fd, ' and second');
      closeSync(fd);
      await slip.until('it left', () => slip.left().length === 0);
      assert.equal((await program.stop()).code, 0);
      assert.ok((await contentsOf(slip)).includes(sha256Of('first and second')));
      await slip.assertAtRest(slip.bucket);
    },
  );

test(
  'a name that comes again has another key where its content is another, and is not sent again where it is the same',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const slip = await Slip.make(t, swift(), { url: proxy.url });
    for (const content of ['first', 'second', 'first', 'second', 'third']) {
      slip.write('deep/a.tar.gz', content);
      const { code, stderr } = await slip.once();
      assert.equal(code, 0, stderr);
    }
    const other = (content: string) => `deep/a.tar.${sha256Of(content).slice(0, 8)}.gz`;
    assert.deepEqual(
      await slip.objects(slip.bucket),
      sums({ 'deep/a.tar.gz': 'first', [other('second')]: 'second', [other('third')]: 'third' }),
    );
    assert.equal(proxy.requests.filter(({ method }) => method === 'PUT').length, 3, 'each content once');
    assert.equal(slip.ends().length, 5);
    await slip.assertAtRest(slip.bucket);
  },
);

test('a file with two names is uploaded under both, and both go', needsSwift, async (t) => {
  const slip = await Slip.make(t, swift());
  slip.write('a.txt', 'content');
  linkSync(slip.at('a.txt'), slip.at('b.txt'));
  linkSync(slip.at('a.txt'), join(slip.root, 'elsewhere'));
  await using program = slip.run();
  await slip.until('both left', () => slip.left().length === 0);
  assert.equal((await program.stop()).code, 0);
  assert.deepEqual(await slip.objects(slip.bucket), sums({ 'a.txt': 'content', 'b.txt': 'content' }));
  assert.equal(readFileSync(join(slip.root, 'elsewhere'), 'utf8'), 'content');
  await slip.assertAtRest(slip.bucket);
});

test('a directory that is renamed while its file is uploaded loses nothing', needsSwift, async (t) => {
  const proxy = await startFaultProxy(t, swift().url);
  const slip = await Slip.make(t, swift(), { url: proxy.url });
  const held = proxy.pauseAt({ method: 'PUT', path: /one\/a\.txt/ });
  await using program = slip.run();
  await program.waitFor('discoverer.started');
  slip.write('one/a.txt', 'content');
  await held.reached;
  renameSync(slip.at('one'), slip.at('two'));
  slip.write('one/a.txt', 'another');
  held.release();
  await slip.until('both left', () => slip.left().length === 0);
  assert.equal((await program.stop()).code, 0);
  const objects = await slip.objects(slip.bucket);
  assert.equal(objects['one/a.txt'], sha256Of('content'));
  assert.deepEqual(
    Object.values(objects).sort(),
    both('content', 'content', 'another'),
    JSON.stringify(objects),
  );
  await slip.assertAtRest(slip.bucket);
});

test(
  'a file is moved under another name where its own is taken, and takes nobody’s',
  needsSwift,
  async (t) => {
    const slip = await Slip.make(t, swift());
    const sent = join(slip.root, 'sent');
    const args = ['--after', 'move', '--moved-to', sent];
    for (const content of ['first', 'second', 'second']) {
      slip.write('deep/a.txt', content);
      const { code, stderr } = await slip.once({}, ...args);
      assert.equal(code, 0, stderr);
    }
    const moved = ['deep/a.txt', 'deep/a.2.txt', 'deep/a.3.txt'];
    assert.deepEqual(
      moved.map((name) => readFileSync(join(sent, name), 'utf8')),
      ['first', 'second', 'second'],
    );
    assert.deepEqual(await contentsOf(slip), both('first', 'second'));
    assert.deepEqual(slip.left(), []);
  },
);

test('a file that cannot be moved away says so, stays, and goes as soon as it can', needsSwift, async (t) => {
  const slip = await Slip.make(t, swift());
  const sent = join(slip.root, 'sent');
  await using program = slip.run({}, '--after', 'move', '--moved-to', sent);
  await program.waitFor('discoverer.started');
  // A file where a directory is needed.
  writeFileSync(join(sent, 'deep'), '');
  const source = slip.write('deep/a.txt', 'content');
  await slip.until('it waits', () => slip.jobs().some(({ state }) => state === 'delayed'));
  assert.deepEqual(slip.left(), ['deep/a.txt']);
  assert.match(
    slip.jobs()[0]?.reason ?? '',
    /it was uploaded, and cannot be moved away \((EEXIST|ENOTDIR)\)/,
  );
  renameSync(join(sent, 'deep'), join(sent, 'other'));
  await slip.command('queue', 'retry', '--delayed');
  await slip.until('it left', () => !existsSync(source));
  assert.equal((await program.stop()).code, 0);
  assert.equal(readFileSync(join(sent, 'deep/a.txt'), 'utf8'), 'content');
});

test('two programs on one target and one state file upload each file once', needsSwift, async (t) => {
  const slip = await Slip.make(t, swift());
  await using one = slip.run();
  await using two = slip.run();
  await Promise.all([one.waitFor('discoverer.started'), two.waitFor('discoverer.started')]);
  const contents = Object.fromEntries(
    Array.from({ length: 60 }, (_, n) => [`d${n % 3}/f${n}.txt`, `content ${n}`]),
  );
  for (const [name, content] of Object.entries(contents)) slip.write(name, content);
  await slip.until('all left', () => slip.left().length === 0);
  for (const program of [one, two]) assert.equal((await program.stop()).code, 0);
  assert.deepEqual(await slip.objects(slip.bucket), sums(contents));
  assert.deepEqual(
    slip.ends().sort(),
    Object.keys(contents)
      .map((name) => `${name} completed`)
      .sort(),
    'one stay a file',
  );
  await slip.assertAtRest(slip.bucket);
});
