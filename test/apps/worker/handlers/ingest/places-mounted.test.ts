import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { Custody } from '../../../../support/custody.ts';
import { assertWaits } from '../../../../support/custody-waits.ts';
import { cannotMount, mountBind, mountTmpfs, unmount } from '../../../../support/mounts.ts';

const needsMounts = { skip: cannotMount() };

const makeReadOnly = (directory: string) => execFileSync('mount', ['-o', 'remount,ro,bind', directory]);
const makeWritable = (directory: string) => execFileSync('mount', ['-o', 'remount,rw,bind', directory]);

test(
  'on a disk that is full the files wait, leave no copy in progress, and go on when there is space',
  needsMounts,
  async (t) => {
    const custody = new Custody(t);
    mountTmpfs(t, toText(custody.warehouse), 1024 * 1024);
    custody.drop('.wharfinger', '', custody.warehouse);
    const ballast = custody.drop('ballast', Buffer.alloc(1024 * 1024), custody.warehouse);
    const contents = await assertWaits(
      custody,
      /^.*\/warehouse refuses: no space left \(ENOSPC\); to mend it: free some space$/,
    );
    assert.deepEqual(custody.stored(), ['ballast'], 'not even a part of a copy');
    rmSync(toBytes(ballast));
    await custody.hand.step();
    assert.deepEqual(custody.left(), []);
    assert.equal(custody.hand.said('place.recovered').length, 1);
    await custody.assertSound(contents);
  },
);

test(
  'a file too large for what is left waits, and smaller ones of its batch do not',
  needsMounts,
  async (t) => {
    const custody = new Custody(t);
    const { hand } = custody;
    mountTmpfs(t, toText(custody.warehouse), 1024 * 1024);
    const ballast = custody.drop('ballast', Buffer.alloc(900_000), custody.warehouse);
    const large = 'l'.repeat(200_000);
    custody.offer('large', large);
    for (let round = 0; round < 3; round += 1) {
      custody.offer(`small ${round}`, `small ${round}`);
      await hand.step();
      assert.deepEqual(custody.left(), ['large']);
      hand.clock.forward(40_000);
    }
    assert.deepEqual([hand.said('place.refused').length, hand.said('place.recovered').length], [1, 0]);
    rmSync(toBytes(ballast));
    await hand.step();
    assert.equal(hand.said('place.recovered').length, 1);
    await custody.assertSound([large, 'small 0', 'small 1', 'small 2']);
  },
);

test('into a warehouse that is not mounted nothing is written', needsMounts, async (t) => {
  const custody = new Custody(t);
  const disk = toText(custody.at('disk', custody.root));
  const warehouse = toText(custody.warehouse);
  mkdirSync(disk);
  mountBind(t, disk, warehouse);
  custody.offer('before', 'before');
  await custody.hand.step();
  unmount(warehouse);
  const contents = await assertWaits(
    custody,
    /has lost its mark \.wharfinger: its file system is not mounted; to mend it: mount it, or/,
  );
  assert.deepEqual(readdirSync(warehouse), []);
  mountBind(t, disk, warehouse);
  await custody.hand.step();
  await custody.assertSound(['before', ...contents]);
});

test('while the warehouse is read-only the files wait', needsMounts, async (t) => {
  const custody = new Custody(t);
  const warehouse = mountBind(t, toText(custody.warehouse), toText(custody.warehouse));
  writeFileSync(`${warehouse}/.wharfinger`, '');
  makeReadOnly(warehouse);
  const contents = await assertWaits(
    custody,
    /^.*\/warehouse refuses: the file system is read-only \(EROFS\); to mend it: mount it writable$/,
  );
  makeWritable(warehouse);
  await custody.hand.step();
  await custody.assertSound(contents);
});

test(
  'while the input is read-only the files wait, and it is the input that is named',
  needsMounts,
  async (t) => {
    const custody = new Custody(t);
    const input = mountBind(t, toText(custody.input), toText(custody.input));
    custody.drop('a', 'content of a');
    custody.drop('b', 'content of b');
    makeReadOnly(input);
    custody.drop = (name) => custody.at(name);
    const contents = await assertWaits(
      custody,
      /^.*\/in refuses: the file system is read-only \(EROFS\); to mend it: mount it writable$/,
    );
    makeWritable(input);
    await custody.hand.step();
    assert.deepEqual(custody.left(), []);
    assert.equal(custody.hand.said('place.recovered')[0]?.path, input);
    await custody.assertSound(contents);
  },
);
