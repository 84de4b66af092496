import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { test } from 'node:test';
import { toBytes } from '../../../../../shared/fs/byte-path.ts';
import { setTimes } from '../../../../../shared/linux/set-times.ts';
import { Custody, read } from '../../../../support/custody.ts';

const candidates = (custody: Custody) => custody.records.candidates().map(({ path }) => path);

test('a file that was touched between decision and recovery is a candidate again', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  await custody.hand.dieAt('ingest.decided');
  appendFileSync(toBytes(path), ' and more');
  await custody.recover();
  assert.deepEqual([candidates(custody), custody.left()], [[path], ['a']]);
  await custody.assertSound([]);
});

test('a file that vanished between decision and recovery leaves nothing in flight', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  await custody.hand.dieAt('ingest.decided');
  rmSync(toBytes(path));
  await custody.recover();
  assert.deepEqual([custody.records.jobs(), custody.records.ledger()], [[], []]);
  await custody.assertSound([]);
});

test('a file that was moved, and written to before recovery, is put back with what was written', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  await custody.hand.dieAt('place.renamed');
  writeFileSync(toBytes(custody.storedAt('a')), 'CONTENT');
  await custody.recover();
  assert.equal(read(path), 'CONTENT');
  assert.deepEqual(candidates(custody), [path]);
  await custody.assertSound([]);
});

test('what was written between crash and recovery is seen even where size and mtime were forged', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  await custody.hand.dieAt('place.renamed');
  const stored = custody.storedAt('a');
  const { atimeNs, mtimeNs } = lstatSync(toBytes(stored), { bigint: true });
  const fd = openSync(toBytes(stored), 'r+');
  writeSync(fd, 'CONTENT');
  setTimes(fd, { atimeNs, mtimeNs });
  closeSync(fd);
  await custody.recover();
  assert.equal(read(path), 'CONTENT');
  await custody.assertSound([]);
});

test('a file that was moved, and is open for writing at recovery, is put back to its writer', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  await custody.hand.dieAt('place.renamed');
  const fd = openSync(toBytes(custody.storedAt('a')), 'a');
  t.after(() => closeSync(fd));
  await custody.recover();
  assert.deepEqual([custody.left(), candidates(custody)], [['a'], [path]]);
  await custody.assertSound([]);
});

test('a file that was moved, whose name is taken by a new one, is committed, and the new one is left alone', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  await custody.hand.dieAt('place.renamed');
  custody.drop('a', 'the next one');
  await custody.recover();
  assert.equal(read(path), 'the next one');
  await custody.assertSound(['content']);
});

test('a file that took the name right before the move, and was moved instead, gets its name back after a crash', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'decided');
  const usurper = custody.drop('.usurper', 'another');
  await custody.hand.dieAt('place.data-durable');
  // What the disk looks like where the rename hit the other file.
  rmSync(toBytes(path));
  custody.storeInPlace(usurper);
  await custody.recover();
  assert.deepEqual([custody.left(), custody.stored()], [['a'], []]);
  assert.equal(read(path), 'another');
  assert.deepEqual(candidates(custody), [path]);
  await custody.assertSound([]);
});

test('a file of somebody else at the destination of one that vanished stays there', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'committed before');
  await custody.hand.step();
  const path = custody.offer('a', 'decided');
  await custody.hand.dieAt('ingest.decided');
  rmSync(toBytes(path));
  // Its ctime is later than the decision: its row tells that it is not ours.
  chmodSync(toBytes(custody.storedAt('a')), 0o600);
  await custody.recover();
  assert.deepEqual([custody.left(), custody.stored()], [[], ['a']]);
  await custody.assertSound(['committed before']);
});

test('a file that has both names, its move being a link and an unlink, has not moved', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  await custody.hand.dieAt('place.data-durable');
  custody.storeInPlace(path, linkSync);
  await custody.recover();
  assert.deepEqual([custody.left(), custody.stored(), candidates(custody)], [['a'], [], [path]]);
  await custody.assertSound([]);
  custody.enqueue(path);
  await custody.hand.run();
  await custody.assertSound(['content']);
});

for (const dedupe of ['content', 'none'] as const) {
  test(`the same content under the same name is another row's: what dies before its move is not taken for placed, dedupe ${dedupe}`, async (t) => {
    const custody = new Custody(t, { dedupe });
    for (const name of ['a', 'a']) {
      custody.offer(name, 'same');
      await custody.hand.run();
    }
    custody.offer('a', 'same');
    await custody.hand.dieAt('ingest.decided');
    await custody.recover();
    assert.equal(custody.stored().length, 3);
    await custody.assertSound(dedupe === 'none' ? ['same', 'same', 'same'] : ['same']);
  });
}

test('a duplicate to delete that stood aside comes back when its committed copy is gone', async (t) => {
  const custody = new Custody(t, { onDuplicate: 'delete' });
  custody.offer('a', 'same');
  await custody.hand.step();
  const path = custody.offer('b', 'same');
  await custody.hand.dieAt('copy.stepped-aside');
  rmSync(toBytes(custody.storedAt('a')));
  await custody.recover();
  assert.equal(read(path), 'same', 'it is the last copy there is');
  assert.deepEqual(custody.records.duplicates(), []);
});

test('a file that stood aside under another’s hidden name gets its own back', async (t) => {
  const custody = new Custody(t, { onDuplicate: 'delete' });
  custody.offer('a', 'same');
  await custody.hand.step();
  const path = custody.offer('b', 'same');
  const usurper = custody.drop('.usurper', 'another');
  await custody.hand.dieAt('place.data-durable');
  rmSync(toBytes(path));
  renameSync(toBytes(usurper), toBytes(custody.at('.wharfinger-d1.src')));
  await custody.recover();
  assert.deepEqual(custody.left(), ['b']);
  assert.equal(read(path), 'another');
});

test('a duplicate to delete that has both names, stepping aside being a link and an unlink, is looked at again', async (t) => {
  const custody = new Custody(t, { onDuplicate: 'delete' });
  custody.offer('a', 'same');
  await custody.hand.step();
  const path = custody.offer('b', 'same');
  await custody.hand.dieAt('place.data-durable');
  linkSync(toBytes(path), toBytes(custody.at('.wharfinger-d1.src')));
  await custody.recover();
  assert.deepEqual([custody.left(), candidates(custody)], [['b'], [path]]);
  await custody.assertSound(['same']);
});
