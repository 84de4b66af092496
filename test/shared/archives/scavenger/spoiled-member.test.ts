import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { ArchiveSet } from '../../../../shared/archives/volumes/archive-set.ts';
import { Base } from './base.ts';
import { textsIn } from './read-zip.ts';

const CONTENT = 'the only copy';

function spoil(file: string): void {
  const bytes = readFileSync(file);
  bytes.write('T', bytes.indexOf(CONTENT));
  writeFileSync(file, bytes);
}

async function withSpoiled(t: TestContext): Promise<Base> {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/log.txt': CONTENT, 'a.zip/other': 'other' }, { compression: 'store' });
  await base.scavenge();
  spoil(base.at('a.zip'));
  return base;
}

const again = (base: Base) => base.deposit({ 'a.zip/log.txt': CONTENT }, { compression: 'store' });

test('a member whose bytes were spoiled is healed by depositing it again, and is said', async (t) => {
  const base = await withSpoiled(t);
  base.events.length = 0;
  await again(base);
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.duplicates, report.versions], [1, 0, 1]);
  assert.ok(readFileSync(base.at('a.zip')).includes(CONTENT));
  const said = base.events.find(({ event }) => event === 'archive.damaged');
  assert.ok(said?.event === 'archive.damaged');
  assert.equal(said.file, 'a.zip');
  assert.match(said.detail, /^log\.txt is not what the archive says of it/);
  assert.deepEqual(base.inbox(), []);
});

test('one that was healed is found where it is whole, and is not stored a third time', async (t) => {
  const base = await withSpoiled(t);
  await again(base);
  await base.scavenge();
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  const found = set.find('log.txt', createHash('sha256').update(CONTENT).digest());
  assert.match(found?.storedAs ?? '', /^log\.[0-9a-f]{8}\.txt$/);
  await again(base);
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.duplicates], [0, 1]);
});

test('one that was healed in a later volume is found there', async (t) => {
  const base = await withSpoiled(t);
  await again(base);
  await base.scavenge({ volumeBytes: 100 });
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  const found = set.find('log.txt', createHash('sha256').update(CONTENT).digest());
  assert.equal(found?.volume, 'a-2.zip');
});

test('a spoiled member that is deposited twice in a round is stored once more, once', async (t) => {
  const base = await withSpoiled(t);
  await again(base);
  await again(base);
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.duplicates], [1, 1]);
});

test('where an entry of a full volume cannot be read any more, all that it was to hold is stored in the next one', async (t) => {
  const base = Base.make(t);
  const deposits = { 'a.zip/one': 'one', 'a.zip/two': 'two', 'a.zip/three': 'three' };
  await base.deposit(deposits);
  await base.scavenge();
  const file = base.at('a.zip');
  const untouched = () => utimesSync(file, 1_700_000_000, 1_700_000_000);
  untouched();
  // Full by now, so that its index is kept and believed.
  await base.deposit({ 'a.zip/later': 'later' });
  await base.scavenge({ volumeBytes: 100 });
  const bytes = readFileSync(file);
  const first = bytes.indexOf('PK\x01\x02');
  bytes.write('XX', bytes.indexOf('PK\x01\x02', first + 1));
  writeFileSync(file, bytes);
  untouched();
  await base.deposit(deposits);
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.duplicates], [3, 0]);
  assert.deepEqual(textsIn(base.at('a-2.zip')), { later: 'later', one: 'one', two: 'two', three: 'three' });
  assert.ok(base.events.some(({ event }) => event === 'archive.bad_volume'));
});
