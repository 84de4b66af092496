import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { basename, dirname, toBytes } from '../../../../../shared/fs/byte-path.ts';
import { partitionOf } from '../../../../../shared/ledger/destination.ts';
import { Custody, read, sha256Of } from '../../../../support/custody.ts';

const suffix = (content: string): string => sha256Of(content).slice(0, 8);

/** Where a file of this name will go today. */
const destination = (custody: Custody, name: string) =>
  custody.at(`${partitionOf(Date.now())}/${name}`, custody.warehouse);

function occupy(custody: Custody, name: string, content: string): void {
  const path = destination(custody, name);
  mkdirSync(toBytes(dirname(path)), { recursive: true });
  writeFileSync(toBytes(path), content);
}

test('other content under a name of today gets the first digits of its hash into its name', async (t) => {
  const custody = new Custody(t);
  for (const content of ['one', 'two', 'three']) {
    custody.offer('day.tar.gz', content);
    await custody.hand.run();
  }
  assert.equal(read(custody.storedAt('day.tar.gz')), 'one');
  assert.equal(read(custody.storedAt(`day.tar.${suffix('two')}.gz`)), 'two');
  assert.equal(read(custody.storedAt(`day.tar.${suffix('three')}.gz`)), 'three');
  await custody.assertSound(['one', 'two', 'three']);
});

test('two files of one batch that would get the same destination do not meet there', async (t) => {
  const custody = new Custody(t);
  const other = custody.at('second', custody.root);
  mkdirSync(toBytes(other));
  const routeId = custody.saveRoute({ name: 'second', input: other });
  custody.offer('x', 'one');
  custody.enqueue(custody.drop('x', 'two', other), { routeId });
  await custody.hand.run();
  assert.deepEqual(custody.stored(), ['x', `x.${suffix('two')}.2`]);
  await custody.assertSound(['one', 'two']);
});

test('a file that is not ours keeps its name in the warehouse, and its content', async (t) => {
  const custody = new Custody(t);
  occupy(custody, 'a.csv', 'not ours');
  custody.offer('a.csv', 'ours');
  await custody.hand.run();
  assert.deepEqual(custody.stored(), [`a.${suffix('ours')}.csv`, 'a.csv']);
  assert.equal(read(custody.storedAt('a.csv')), 'not ours');
  assert.ok(custody.hand.reached.includes('place.destination-moved'));
  assert.match((await custody.findings()).join(), /^stray-file .*\/a\.csv: 8 bytes that no row names$/);
});

test('where the second name is taken as well, the number of the row makes a third', async (t) => {
  const custody = new Custody(t);
  occupy(custody, 'a.csv', 'not ours');
  occupy(custody, `a.${suffix('ours')}.csv`, 'not ours either');
  custody.offer('a.csv', 'ours');
  await custody.hand.run();
  assert.equal(read(custody.storedAt(`a.${suffix('ours')}.1.csv`)), 'ours');
});

test('where every name is taken the file fails where it lies, with nothing of it left in flight', async (t) => {
  const custody = new Custody(t);
  for (const name of ['ä', `ä.${suffix('ours')}`, `ä.${suffix('ours')}.1`]) occupy(custody, name, 'not ours');
  custody.offer('ä', 'ours');
  await custody.hand.run();
  assert.match(
    custody.records.jobs()[0]?.reason ?? '',
    /^every name it could get is taken, up to .*\/ä\.[0-9a-f]{8}\.1$/,
  );
  assert.deepEqual([custody.left(), custody.records.ledger()], [['ä'], []]);
});

test('a directory that has the name of a file is not replaced', async (t) => {
  const custody = new Custody(t);
  mkdirSync(toBytes(destination(custody, 'a')), { recursive: true });
  custody.offer('a', 'ours');
  await custody.hand.run();
  assert.deepEqual(custody.stored(), [`a.${suffix('ours')}`]);
  await custody.assertSound(['ours']);
});

test('a file whose directory cannot be made, a file having that name, fails where it lies; its content is free for others', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'the file');
  await custody.hand.run();
  custody.drop('later', 'below');
  mkdirSync(toBytes(custody.at('a')));
  custody.offer('a/b.csv', 'below');
  await custody.hand.run();
  assert.deepEqual(custody.left(), ['a/b.csv', 'later']);
  const [job] = custody.records.jobs();
  assert.equal(job?.state, 'failed');
  assert.equal(job?.reason, 'it cannot be placed: a file stands where a directory is needed (ENOTDIR)');

  custody.enqueue(custody.at('later'));
  await custody.hand.run();
  await custody.assertSound(['the file', 'below']);
});

test('colliding names of 255 bytes are shortened, and never within a character', async (t) => {
  const custody = new Custody(t);
  const name = `${'ä'.repeat(125)}x.csv`;
  assert.equal(Buffer.byteLength(name), 255);
  for (const content of ['one', 'two']) {
    custody.offer(name, content);
    await custody.hand.run();
  }
  const [, row] = custody.records.ledger();
  const stored = toBytes(basename(row?.destination ?? custody.root)).toString();
  assert.equal(stored, `${'ä'.repeat(121)}.${suffix('two')}.csv`);
  await custody.assertSound(['one', 'two']);
});
