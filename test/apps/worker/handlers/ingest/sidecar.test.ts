import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type BytePath, toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { Custody, type CustodyOptions, read, sha256Of } from '../../../../support/custody.ts';
import { passATick } from '../../../../support/file-clock.ts';

function sidecarCustody(t: TestContext, options: CustodyOptions = {}): Custody {
  return new Custody(t, { mode: 'sidecar', ...options });
}

/** A file that its sidecar has completed. */
function offer(custody: Custody, name: string, content: string, sidecar = ''): BytePath {
  const path = custody.drop(name, content);
  custody.drop(`${name}.ok`, sidecar);
  custody.enqueue(path, { payload: { sidecar: true } });
  return path;
}

const md5Of = (content: string): string => createHash('md5').update(content).digest('hex');

test('a sidecar goes when its file is committed, and never before', async (t) => {
  const custody = sidecarCustody(t);
  offer(custody, 'a', 'content');
  custody.hand.at('commit.before-transaction-ends', () => assert.deepEqual(custody.left(), ['a.ok']));
  custody.hand.at('commit.committed', () => {
    assert.deepEqual(custody.left(), ['a.ok']);
    assert.equal(custody.records.pendingSidecars(), 1, 'on record until it is gone');
  });
  await custody.hand.run();
  assert.ok(custody.hand.reached.includes('commit.sidecar-removed'));
  assert.deepEqual([custody.left(), custody.records.pendingSidecars()], [[], 0]);
  await custody.assertSound(['content']);
});

for (const [what, text] of Object.entries({
  'SHA-256': `${sha256Of('content')}  a\n`,
  MD5: `${md5Of('content')} *a\n`,
  'bare SHA-256 in capitals': sha256Of('content').toUpperCase(),
})) {
  test(`a file whose ${what} is that of its sidecar is committed`, async (t) => {
    const custody = sidecarCustody(t);
    offer(custody, 'a', 'content', text);
    await custody.hand.run();
    assert.deepEqual(custody.left(), []);
    await custody.assertSound(['content']);
  });
}

for (const [algorithm, hashOf] of Object.entries({ sha256: sha256Of, md5: md5Of })) {
  test(`a file that is not what the ${algorithm} of its sidecar says fails with both, and both stay`, async (t) => {
    const custody = sidecarCustody(t);
    offer(custody, 'a', 'damaged', hashOf('content'));
    await custody.hand.run();
    const [job] = custody.records.jobs();
    assert.equal(job?.state, 'failed');
    const expected = `checksum mismatch: a.ok says ${algorithm} ${hashOf('content')}, the content has ${hashOf('damaged')}`;
    assert.equal(job?.reason, expected);
    assert.deepEqual(custody.left(), ['a', 'a.ok']);
    await custody.assertSound([]);
  });
}

test('a large file is checked by the MD5 of its sidecar as well', async (t) => {
  const custody = sidecarCustody(t);
  const content = 'large '.repeat(100_000);
  offer(custody, 'a', content, md5Of(content));
  await custody.hand.run();
  await custody.assertSound([content]);
});

test('a sidecar with checksums of other files fails the file', async (t) => {
  const custody = sidecarCustody(t);
  offer(custody, 'a', 'content', `${sha256Of('content')}  b\n`);
  await custody.hand.run();
  assert.equal(custody.records.jobs()[0]?.reason, 'its sidecar holds checksums, but none for this name');
});

test('a sidecar with free text completes its file without a check', async (t) => {
  const custody = sidecarCustody(t);
  offer(custody, 'a', 'content', 'sent by the night job\n');
  await custody.hand.run();
  assert.deepEqual(custody.left(), []);
  await custody.assertSound(['content']);
});

for (const [what, damage] of Object.entries({
  'is gone': (path: string) => rmSync(path),
  'is a directory by now': (path: string) => {
    rmSync(path);
    mkdirSync(path);
  },
})) {
  test(`a file whose sidecar ${what} when it is read waits for its sidecar, uncharged`, async (t) => {
    const custody = sidecarCustody(t);
    const path = offer(custody, 'a', 'content');
    damage(`${toText(path)}.ok`);
    await custody.hand.step();
    assert.deepEqual(custody.records.jobs(), []);
    const [candidate] = custody.records.candidates();
    assert.deepEqual([candidate?.path, candidate?.waitsFor, candidate?.dueMs], [path, 'sidecar', null]);
    await custody.assertSound([]);
  });
}

test('a file whose sidecar is still being written waits for it', async (t) => {
  const custody = sidecarCustody(t);
  const path = offer(custody, 'a', 'content');
  const fd = openSync(`${toText(path)}.ok`, 'a');
  t.after(() => closeSync(fd));
  await custody.hand.step();
  assert.equal(custody.records.candidates()[0]?.waitsFor, 'sidecar');
});

test('a sidecar that is a symlink is not followed', async (t) => {
  const custody = sidecarCustody(t);
  const path = offer(custody, 'a', 'content');
  rmSync(`${toText(path)}.ok`);
  symlinkSync('/etc/hostname', `${toText(path)}.ok`);
  await custody.hand.step();
  assert.match(custody.records.jobs()[0]?.reason ?? '', /^its sidecar cannot be read: .*\(ELOOP\)$/);
});

test('a sidecar that is replaced before it goes belongs to the next file, and stays', async (t) => {
  const custody = sidecarCustody(t);
  const path = offer(custody, 'a', 'content');
  custody.hand.at('commit.committed', () => {
    custody.drop('.next', 'of the next file');
    renameSync(toBytes(custody.at('.next')), `${toText(path)}.ok`);
  });
  await custody.hand.step();
  assert.deepEqual([custody.left(), custody.records.pendingSidecars()], [['a.ok'], 0]);
  assert.equal(read(custody.at('a.ok')), 'of the next file');
});

test('a sidecar whose removal a crash came before is removed by the next worker', async (t) => {
  const custody = sidecarCustody(t);
  offer(custody, 'a', 'content');
  await custody.hand.dieAt('commit.committed');
  assert.deepEqual([custody.left(), custody.records.pendingSidecars()], [['a.ok'], 1]);
  await custody.recover();
  assert.deepEqual([custody.left(), custody.records.pendingSidecars()], [[], 0]);
  await custody.assertSound(['content']);
});

test('a sidecar goes with a file that recovery commits, unless it came after the decision', async (t) => {
  const custody = sidecarCustody(t);
  offer(custody, 'a', 'content of a');
  offer(custody, 'b', 'content of b');
  await custody.hand.dieAt('place.directories-durable');
  passATick(toText(custody.at('.tick')));
  writeFileSync(toBytes(custody.at('.new')), 'of the next b');
  renameSync(toBytes(custody.at('.new')), toBytes(custody.at('b.ok')));
  await custody.recover();
  assert.deepEqual(custody.left(), ['b.ok']);
  await custody.assertSound(['content of a', 'content of b']);
});

for (const onDuplicate of ['move', 'delete', 'leave'] as const) {
  const stays = onDuplicate === 'leave';
  test(`the sidecar of a duplicate ${stays ? 'stays with it' : 'goes'} where duplicates are to ${onDuplicate}`, async (t) => {
    const custody = sidecarCustody(t, { onDuplicate });
    offer(custody, 'a', 'same');
    await custody.hand.run();
    offer(custody, 'b', 'same');
    await custody.hand.run();
    assert.deepEqual(custody.left(), stays ? ['b', 'b.ok'] : []);
    await custody.assertSound(['same']);
  });
}

test('a sidecar that is written anew after the commit stays: it speaks of a file that is to come', async (t) => {
  const custody = sidecarCustody(t);
  offer(custody, 'a', 'content');
  const sidecar = toBytes(custody.at('a.ok'));
  custody.hand.at('commit.committed', () => {
    const { ctimeNs } = lstatSync(sidecar, { bigint: true });
    // The kernel's clock for files moves at each tick only.
    while (lstatSync(sidecar, { bigint: true }).ctimeNs === ctimeNs) writeFileSync(sidecar, '');
  });
  await custody.hand.step();
  assert.deepEqual(custody.left(), ['a.ok']);
  assert.equal(custody.records.pendingSidecars(), 0);
  await custody.assertSound(['content']);
});

test('a sidecar that cannot be removed is said to be kept, and does not hold up anything', async (t) => {
  const custody = sidecarCustody(t);
  offer(custody, 'a', 'content');
  const sidecar = custody.at('a.ok');
  custody.hand.at('commit.committed', () => {
    rmSync(toBytes(sidecar));
    mkdirSync(toBytes(sidecar));
    const { dev, ino, ctimeNs } = lstatSync(toBytes(sidecar), { bigint: true });
    custody.hand.state
      .prepare('UPDATE sidecar_removals SET device = ?, inode = ?, ctime_ns = ?')
      .run(dev, ino, ctimeNs);
  });
  await custody.hand.step();
  assert.equal(custody.hand.said('sidecar.kept')[0]?.path, toText(sidecar));
  assert.equal(custody.records.pendingSidecars(), 0);
  await custody.assertSound(['content']);
});
