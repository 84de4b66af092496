import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, lstatSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { dirname, toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { partitionOf } from '../../../../../shared/ledger/destination.ts';
import { setTimes } from '../../../../../shared/linux/set-times.ts';
import { Custody, read, sha256Of } from '../../../../support/custody.ts';
import { cannotMount, has, mountBind } from '../../../../support/mounts.ts';
import { acrossFileSystems, custodyAcross } from '../../../../support/other-file-system.ts';

const isRoot = process.getuid?.() === 0;

test(
  'across file systems the content arrives with mode, owner and times to the nanosecond',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.drop('a', 'content');
    chmodSync(toBytes(path), 0o640);
    if (isRoot) chownSync(toBytes(path), 12_345, 54_321);
    const fd = openSync(toBytes(path), 'r');
    const times = { atimeNs: 1_600_000_000_123_456_789n, mtimeNs: 1_500_000_000_987_654_321n };
    setTimes(fd, times);
    closeSync(fd);
    const source = lstatSync(toBytes(path), { bigint: true });
    custody.enqueue(path);
    await custody.hand.run();

    const stored = lstatSync(toBytes(custody.storedAt('a')), { bigint: true });
    assert.notEqual(stored.ino, source.ino);
    assert.deepEqual([stored.mode, stored.uid, stored.gid], [source.mode, source.uid, source.gid]);
    assert.equal(stored.mtimeNs, times.mtimeNs);
    const [line] = custody.lines();
    assert.deepEqual(
      [line?.device, line?.inode],
      [Number(source.dev), Number(source.ino)],
      'as gathered from the source',
    );
    assert.deepEqual(custody.left(), []);
    assert.deepEqual(custody.hand.said('file.attributes_lost'), []);
    await custody.assertSound(['content']);
  },
);

test('across file systems extended attributes are kept, or their loss is said', {
  skip: acrossFileSystems.skip || !has('setfattr'),
}, async (t) => {
  const custody = custodyAcross(t);
  const path = custody.drop('a', 'content');
  execFileSync('setfattr', ['-n', 'user.origin', '-v', 'ship', toText(path)]);
  custody.enqueue(path);
  await custody.hand.run();
  const listed = execFileSync('getfattr', ['-d', toText(custody.storedAt('a'))], { encoding: 'utf8' });
  const [said] = custody.hand.said('file.attributes_lost');
  if (said === undefined) assert.match(listed, /user\.origin="ship"/);
  else assert.deepEqual(said.lost, ['user.origin']);
});

test('across two mounts of one file system, where the device numbers are equal, a file is copied as well', {
  skip: cannotMount(),
}, async (t) => {
  const custody = new Custody(t);
  const seen = custody.at('seen', custody.root);
  mountBind(t, toText(custody.warehouse), toText(seen));
  const bound = new Custody(t, { input: custody.input, warehouse: seen });
  assert.equal(lstatSync(toBytes(seen)).dev, lstatSync(toBytes(custody.input)).dev);
  bound.offer('a', 'content');
  await bound.hand.run();
  assert.ok(bound.hand.reached.includes('copy.renamed'));
  assert.deepEqual([bound.left(), custody.stored()], [[], ['a']]);
  await bound.assertSound(['content']);
});

test('a large file and many small ones go across in one run', acrossFileSystems, async (t) => {
  const custody = custodyAcross(t);
  const contents = new Map(Array.from({ length: 40 }, (_, n) => [`d/${n}`, `content ${n}`]));
  custody.offerAll(contents);
  const large = Buffer.alloc(5_000_000, 'large ');
  custody.offer('large', large);
  await custody.hand.run();
  await custody.assertSound([large, ...contents.values()]);
  assert.deepEqual(custody.left(), []);
});

test('across file systems a name that is taken is not overwritten', acrossFileSystems, async (t) => {
  const custody = custodyAcross(t);
  const occupied = custody.at(`${partitionOf(Date.now())}/a`, custody.warehouse);
  mkdirSync(toBytes(dirname(occupied)));
  writeFileSync(toBytes(occupied), 'not ours');
  custody.offer('a', 'ours');
  await custody.hand.run();
  const name = `a.${sha256Of('ours').slice(0, 8)}`;
  assert.deepEqual(custody.stored(), ['a', name]);
  assert.equal(read(custody.storedAt(name)), 'ours');
  assert.deepEqual(custody.left(), []);
});

test('a duplicate goes across to a directory on another file system', acrossFileSystems, async (t) => {
  const custody = custodyAcross(t);
  for (const name of ['a', 'b']) {
    custody.offer(name, 'same');
    await custody.hand.run();
  }
  assert.deepEqual([custody.left(), custody.stored()], [[], ['_duplicates/b', 'a']]);
  await custody.assertSound(['same']);
});
