import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type BytePath, toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../../../shared/fs/fingerprint.ts';
import { Custody, read } from '../../../../support/custody.ts';

/** What somebody may do to a file between the judgement and the worker, after which it has to be judged anew. */
const CHANGES: Record<string, (path: BytePath) => void> = {
  'was appended to': (path) => appendFileSync(toBytes(path), 'more'),
  'got other content of the same length': (path) => writeFileSync(toBytes(path), 'CONTENT'),
  'got another mtime': (path) => utimesSync(toBytes(path), 1, 1),
  'got another mode': (path) => chmodSync(toBytes(path), 0o600),
  'got other content and its old times back': (path) => {
    const { atime, mtime } = lstatSync(toBytes(path));
    writeFileSync(toBytes(path), 'CONTENT');
    utimesSync(toBytes(path), atime, mtime);
  },
  'was replaced by another file': (path) => {
    writeFileSync(`${toText(path)}.new`, 'content');
    renameSync(`${toText(path)}.new`, toBytes(path));
  },
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`a file that ${what} since it was judged is a candidate again`, async (t) => {
    const custody = new Custody(t);
    const path = custody.offer('a', 'content');
    change(path);
    await custody.hand.step();
    await assertCandidate(custody, path, 'stability');
    assert.equal(custody.hand.said('file.changed')[0]?.source, toText(path));
  });

  test(`a file that ${what} after it was read stays where it is and is a candidate again`, async (t) => {
    const custody = new Custody(t);
    const path = custody.offer('a', 'content');
    custody.hand.at('ingest.decided', () => change(path));
    await custody.hand.step();
    await assertCandidate(custody, path, 'stability');
  });
}

test('a file whose date the state file cannot hold fails with that reason, and its neighbours are taken', async (t) => {
  const custody = new Custody(t);
  custody.offer('b', 'neighbour');
  const path = custody.drop('a', 'content');
  execFileSync('touch', ['-d', '2400-01-01', toText(path)]);
  if (lstatSync(toBytes(path)).mtime.getUTCFullYear() < 2300)
    return t.skip('the file system has no such dates');
  custody.enqueue(path);
  await custody.hand.step();
  assert.deepEqual(custody.left(), ['a']);
  assert.match(custody.records.jobs()[0]?.reason ?? '', /^its date is not between the years 1678 and 2262/);
  await custody.assertSound(['neighbour']);
});

test('a file that somebody has open for writing is not read', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  const fd = openSync(toBytes(path), 'r+');
  t.after(() => closeSync(fd));
  await custody.hand.step();
  await assertCandidate(custody, path, 'writer');
});

async function assertCandidate(custody: Custody, path: BytePath, waitsFor: string): Promise<void> {
  assert.deepEqual(custody.records.jobs(), [], 'no job, and so no attempt');
  const [candidate] = custody.records.candidates();
  assert.deepEqual([candidate?.path, candidate?.waitsFor], [path, waitsFor]);
  assert.equal(candidate?.fingerprint, fingerprintOf(lstatSync(toBytes(path), { bigint: true })));
  assert.ok((candidate?.dueMs ?? 0) > Date.now(), 'looked at again, and not at once');
  await custody.assertSound([]);
}

for (const [when, point] of [
  ['before it is read', 'ingest.claimed'],
  ['after it was read', 'ingest.decided'],
] as const) {
  for (const [what, remove] of Object.entries({
    'a file': (custody: Custody) => unlinkSync(toBytes(custody.at('sub/a'))),
    'its directory': (custody: Custody) => rmSync(toBytes(custody.at('sub')), { recursive: true }),
    'its directory, a file taking its name,': (custody: Custody) => {
      rmSync(toBytes(custody.at('sub')), { recursive: true });
      custody.drop('sub', 'a file');
    },
  })) {
    test(`${what} that vanishes ${when} is forgotten, and said`, async (t) => {
      const custody = new Custody(t);
      const path = custody.offer('sub/a', 'content');
      custody.hand.at(point, () => remove(custody));
      await custody.hand.step();
      assert.deepEqual([custody.records.jobs(), custody.records.candidates()], [[], []]);
      assert.equal(custody.hand.said('file.vanished')[0]?.source, toText(path));
      await custody.assertSound([]);
    });
  }
}

const IMPOSTORS: Record<string, (path: BytePath, context: TestContext) => Promise<void> | void> = {
  symlink: (path) => symlinkSync('/etc/hostname', toBytes(path)),
  FIFO: (path) => void execFileSync('mkfifo', [toText(path)]),
  directory: (path) => mkdirSync(toBytes(path)),
  socket: (path, context) =>
    new Promise((resolve) => {
      const server = createServer();
      context.after(() => server.close());
      server.listen(toText(path), resolve);
    }),
};

for (const [what, put] of Object.entries(IMPOSTORS)) {
  test(`a ${what} that has taken the name of a file is neither followed nor moved, and fails with the reason`, async (t) => {
    const custody = new Custody(t);
    const path = custody.offer('a', 'content');
    unlinkSync(toBytes(path));
    await put(path, t);
    const before = lstatSync(toBytes(path));
    await custody.hand.step();
    const [job] = custody.records.jobs();
    assert.deepEqual([job?.state, job?.attempts], ['failed', 1]);
    assert.match(
      job?.reason ?? '',
      what === 'symlink' ? /^it has become a symlink/ : /^it is not a regular file$/,
    );
    assert.equal(lstatSync(toBytes(path)).ino, before.ino);
    assert.equal(custody.hand.said('file.failed').length, 1);
    await custody.assertSound([]);
  });

  test(`a ${what} that takes the name after the file was read is not moved`, async (t) => {
    const custody = new Custody(t);
    const path = custody.offer('a', 'content');
    // The socket is bound elsewhere before, since binding takes a turn of the event loop.
    const spare = custody.at(`spare-${what}`);
    await put(spare, t);
    custody.hand.at('place.data-durable', () => {
      unlinkSync(toBytes(path));
      renameSync(toBytes(spare), toBytes(path));
    });
    await custody.hand.step();
    assert.deepEqual([custody.records.jobs(), custody.stored()], [[], []]);
    assert.equal(custody.records.candidates()[0]?.path, path);
  });
}

test('the content that is committed is that of the moment of the commit, byte for byte', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'first');
  custody.hand.at('ingest.read', () => appendFileSync(toBytes(path), ' and second'));
  await custody.hand.step();
  custody.enqueue(path);
  await custody.hand.run();
  assert.equal(read(custody.storedAt('a')), 'first and second');
  await custody.assertSound(['first and second']);
});
