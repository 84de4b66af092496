import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { Custody, read, sha256Of } from '../../../../support/custody.ts';

test('a file that a writer opens while it is taken gets its name back, and the writer goes on in it', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  let fd = -1;
  custody.hand.at('place.renamed', () => {
    fd = openSync(toBytes(custody.storedAt('a')), 'a');
  });
  await custody.hand.step();
  t.after(() => closeSync(fd));
  writeFileSync(fd, ' and more');
  assert.equal(read(path), 'content and more');
  assert.deepEqual(
    custody.records.candidates().map((found) => [found.path, found.waitsFor]),
    [[path, 'writer']],
  );
  assert.deepEqual(custody.records.jobs(), []);
  const [said] = custody.hand.said('file.put_back');
  assert.deepEqual([said?.source, said?.path], [toText(path), toText(path)]);
  assert.equal(said?.reason, 'it was opened for writing while it was taken');
  await custody.assertSound([]);
});

test('a file that was opened before the move and is still open after it is put back', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'content');
  let fd = -1;
  custody.hand.at('ingest.read', () => {
    fd = openSync(toBytes(path), 'r+');
  });
  t.after(() => closeSync(fd));
  await custody.hand.step();
  assert.deepEqual([custody.left(), custody.stored()], [['a'], []]);
  assert.equal(custody.records.candidates()[0]?.waitsFor, 'writer');
  await custody.assertSound([]);
});

for (const [what, write] of Object.entries({
  'is appended to': (path: Buffer) => appendFileSync(path, 'more'),
  'is written to without growing': (path: Buffer) => writeFileSync(path, 'CONTENT'),
  'is given another mtime': (path: Buffer) => utimesSync(path, 1, 1),
})) {
  test(`a file that ${what} in the moment of the move is put back`, async (t) => {
    const custody = new Custody(t);
    const path = custody.offer('a', 'content');
    custody.hand.at('place.renamed', () => write(toBytes(custody.storedAt('a'))));
    await custody.hand.step();
    assert.deepEqual([custody.left(), custody.stored()], [['a'], []]);
    assert.equal(custody.records.candidates()[0]?.path, path);
    assert.equal(custody.hand.said('file.put_back')[0]?.reason, 'it was written to while it was taken');
    await custody.assertSound([]);
  });
}

test('a file that is put back while another has taken its name lies beside it, and that one is untouched', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a.csv', 'content');
  custody.hand.at('place.renamed', () => {
    appendFileSync(toBytes(custody.storedAt('a.csv')), ' and more');
    writeFileSync(toBytes(path), 'the next one');
  });
  await custody.hand.step();
  const beside = `a.${sha256Of('content').slice(0, 8)}.csv`;
  assert.deepEqual(custody.left().sort(), ['a.csv', beside].sort());
  assert.equal(read(path), 'the next one');
  assert.equal(read(custody.at(beside)), 'content and more');
  assert.deepEqual(
    custody.records.candidates().map((found) => found.path),
    [custody.at(beside)],
  );
  await custody.assertSound([]);
});

test('a file that is put back gets its directory back with its name', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('deep/down/a', 'content');
  custody.hand.at('place.renamed', () => {
    appendFileSync(toBytes(custody.storedAt('a')), ' and more');
    rmSync(toBytes(custody.at('deep')), { recursive: true });
  });
  await custody.hand.step();
  assert.equal(read(path), 'content and more');
  assert.equal(custody.records.candidates()[0]?.path, path);
  await custody.assertSound([]);
});

test('a file that takes the name right before the move goes back to that name', async (t) => {
  const custody = new Custody(t);
  const path = custody.offer('a', 'decided');
  const usurper = custody.drop('.usurper', 'another');
  const { ino } = lstatSync(toBytes(usurper));
  // As if it had come between the look at the name and the rename, which no point lies between.
  custody.hand.at('place.renamed', () => renameSync(toBytes(usurper), toBytes(custody.storedAt('a'))));
  await custody.hand.step();
  assert.deepEqual([custody.left(), custody.stored()], [['a'], []]);
  assert.equal(lstatSync(toBytes(path)).ino, ino);
  assert.equal(custody.hand.said('file.put_back')[0]?.reason, 'another file had taken its name');
  await custody.assertSound([]);
});

test('a file that is taken out of the warehouse while it would be put back is said to have vanished', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content');
  custody.hand.at('place.renamed', () => rmSync(toBytes(custody.storedAt('a'))));
  await custody.hand.step();
  assert.equal(custody.hand.said('file.vanished').length, 1);
  assert.deepEqual(custody.records.jobs(), []);
  await custody.assertSound([]);
});

test('the neighbours of a file that is put back are committed', async (t) => {
  const custody = new Custody(t);
  for (const name of ['a', 'b', 'c']) custody.offer(name, `content of ${name}`);
  custody.hand.at('place.renamed', () => appendFileSync(toBytes(custody.storedAt('a')), 'more'));
  await custody.hand.step();
  assert.deepEqual(custody.stored(), ['b', 'c']);
  await custody.assertSound(['content of b', 'content of c']);
});

test('a duplicate that a writer opens while it is moved is put back, and stays no duplicate', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'same');
  await custody.hand.step();
  const path = custody.offer('b', 'same');
  custody.hand.at('place.renamed', () => appendFileSync(toBytes(custody.storedAt('b')), ' no more'));
  await custody.hand.step();
  assert.equal(read(path), 'same no more');
  assert.deepEqual(custody.records.duplicates(), []);
  await custody.assertSound(['same']);
});

test('a duplicate that is written to while it would be deleted keeps what was written', async (t) => {
  const custody = new Custody(t, { onDuplicate: 'delete' });
  custody.offer('a', 'same');
  await custody.hand.step();
  const path = custody.offer('b', 'same');
  custody.hand.at('copy.stepped-aside', () => {
    assert.ok(!existsSync(toBytes(path)), 'nobody can open it by its name any longer');
    appendFileSync(toBytes(custody.at('.wharfinger-d1.src')), ' no more');
  });
  await custody.hand.step();
  assert.equal(read(path), 'same no more');
  await custody.assertSound(['same']);
});
