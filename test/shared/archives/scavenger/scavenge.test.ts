import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inboxOf } from '../../../../shared/archives/places.ts';
import { thisProcess } from '../../../../shared/linux/process-identity.ts';
import { Base, elsewhere } from './base.ts';
import { readZip, textsIn } from './read-zip.ts';

const digits = (content: string, count = 8): string =>
  createHash('sha256').update(content).digest('hex').slice(0, count);

test('what was deposited is in its archives, and staged no more', async (t) => {
  const base = Base.make(t);
  await base.deposit({
    'a.zip/one.txt': 'one',
    'a.zip/deep/er/two.txt': 'two',
    'sub/dir/b.zip/one.txt': 'b',
  });
  const report = await base.scavenge();
  assert.deepEqual(textsIn(base.at('a.zip')), { 'one.txt': 'one', 'deep/er/two.txt': 'two' });
  assert.deepEqual(textsIn(base.at('sub/dir/b.zip')), { 'one.txt': 'b' });
  assert.deepEqual(base.inbox(), []);
  assert.deepEqual(report, {
    heldBy: undefined,
    stagingArchives: 1,
    members: 3,
    bytes: 7,
    duplicates: 0,
    versions: 0,
    damaged: 0,
    quarantined: 0,
    stillOpen: 0,
    archives: 2,
    failures: [],
  });
});

test('an archive is appended to, and the bytes of what it held stay as they are', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one.txt': 'one' });
  await base.scavenge();
  const before = readFileSync(base.at('a.zip'));
  await base.deposit({ 'a.zip/two.txt': 'two' });
  await base.scavenge();
  const after = readFileSync(base.at('a.zip'));
  assert.deepEqual(textsIn(base.at('a.zip')), { 'one.txt': 'one', 'two.txt': 'two' });
  const data = before.indexOf('PK\x01\x02');
  assert.ok(after.subarray(0, data).equals(before.subarray(0, data)));
});

test('a name with the same content is dropped, in one round and in a later one', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one.txt': 'one' });
  await base.deposit({ 'a.zip/one.txt': 'one', 'a.zip/two.txt': 'two' });
  assert.equal((await base.scavenge()).duplicates, 1);
  await base.deposit({ 'a.zip/two.txt': 'two' });
  const report = await base.scavenge();
  assert.equal(report.duplicates, 1);
  assert.equal(report.members, 0);
  assert.deepEqual(textsIn(base.at('a.zip')), { 'one.txt': 'one', 'two.txt': 'two' });
});

test('a name with another content is kept as a version that is named by it, and said', async (t) => {
  const base = Base.make(t);
  for (const content of ['one', 'two', 'three', 'two', 'one']) {
    await base.deposit({ 'a.zip/dir/log.tar.gz': content });
    await base.scavenge();
  }
  const names = ['dir/log.tar.gz', `dir/log.tar.${digits('two')}.gz`, `dir/log.tar.${digits('three')}.gz`];
  assert.deepEqual(
    readZip(base.at('a.zip')).map(([name]) => name),
    names,
  );
  assert.deepEqual(
    base.events
      .filter(({ event }) => event === 'archive.version')
      .map((event) => 'storedAs' in event && event.storedAs),
    names.slice(1),
  );
});

test('where the name of a version is taken by another content, more of the hash stands in it', async (t) => {
  const base = Base.make(t);
  await base.deposit({
    'a.zip/log': 'one',
    [`a.zip/log.${digits('two')}`]: 'taken',
    [`a.zip/log.${digits('two', 16)}`]: 'taken too',
  });
  await base.scavenge();
  for (let times = 0; times < 2; times += 1) {
    await base.deposit({ 'a.zip/log': 'two' });
    await base.scavenge();
  }
  assert.equal(textsIn(base.at('a.zip'))[`log.${digits('two', 32)}`], 'two');
  assert.equal(readZip(base.at('a.zip')).length, 4);
});

test('a full volume is followed by the next, and what full ones hold is known by their indexes', async (t) => {
  const base = Base.make(t);
  const content = (number: number): string => `${number}${'x'.repeat(1000)}`;
  const deposits = Object.fromEntries(
    Array.from({ length: 40 }, (_, number) => [`sub/a.zip/${number}`, content(number)]),
  );
  await base.deposit(deposits, { compression: 'store' });
  await base.scavenge({ volumeBytes: 10_000 });
  const volumes = ['a.zip', 'a-2.zip', 'a-3.zip', 'a-4.zip', 'a-5.zip'];
  const files = volumes.map((name) => base.at('sub', name));
  assert.deepEqual(readdirSync(base.at('sub')).toSorted(), volumes.toSorted());
  assert.equal(Object.keys(textsIn(...files)).length, 40);
  const indexes = base.at('.wharfinger/index/sub/a.zip');
  const names = readdirSync(indexes).toSorted();
  assert.deepEqual(names, ['1.idx', '2.idx', '3.idx', '4.idx']);

  await base.deposit({ ...deposits, 'sub/a.zip/new': 'new' }, { compression: 'store' });
  const report = await base.scavenge({ volumeBytes: 10_000 });
  assert.deepEqual([report.duplicates, report.members], [40, 1]);
  assert.equal(textsIn(...files).new, 'new');
});

test('an index that is gone, of another volume, or spoiled is made anew', async (t) => {
  const base = Base.make(t);
  const deposits = Object.fromEntries(
    Array.from({ length: 30 }, (_, number) => [`a.zip/${number}`, `${number}${'x'.repeat(1000)}`]),
  );
  await base.deposit(deposits, { compression: 'store' });
  await base.scavenge({ volumeBytes: 10_000 });
  const index = (number: number): string => base.at('.wharfinger/index/a.zip', `${number}.idx`);
  const good = readFileSync(index(2));
  const spoiled = Buffer.from(good);
  spoiled.fill(0xff, spoiled.length - 100);
  for (const wrong of [Buffer.alloc(0), readFileSync(index(1)), spoiled, Buffer.alloc(good.length)]) {
    writeFileSync(index(2), wrong);
    await base.deposit(deposits, { compression: 'store' });
    const report = await base.scavenge({ volumeBytes: 10_000 });
    assert.deepEqual([report.duplicates, report.members], [30, 0]);
    assert.deepEqual(readFileSync(index(2)), good);
  }
});

test('what a dead process of this host left open is taken at once, what a living one has open never', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/dead': 'dead' }, { leaveOpen: true });
  const living = await base.deposit(
    { 'a.zip/living': 'living' },
    { leaveOpen: true, identity: thisProcess() },
  );
  const report = await base.scavenge({ flush: true });
  assert.equal(report.stillOpen, 1);
  assert.deepEqual(textsIn(base.at('a.zip')), { dead: 'dead' });
  assert.equal(base.events.filter(({ event }) => event === 'archive.taken').length, 1);
  await living.close();
  await base.scavenge();
  assert.deepEqual(textsIn(base.at('a.zip')), { dead: 'dead', living: 'living' });
});

test('what another host has open is taken when it was silent for two rotations, with --flush for 30 s', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/far': 'far' }, { leaveOpen: true, identity: elsewhere() });
  const later = (seconds: number) => ({ serverClock: { nowMs: () => Date.now() + seconds * 1000 } });
  assert.equal((await base.scavenge(later(590))).stillOpen, 1);
  assert.equal((await base.scavenge({ ...later(25), flush: true })).stillOpen, 1);
  assert.equal((await base.scavenge({ ...later(35), flush: true })).members, 1);
  await base.deposit({ 'a.zip/far-2': 'far' }, { leaveOpen: true, identity: elsewhere() });
  assert.equal((await base.scavenge(later(610))).members, 1);
});

test('where nothing is to be collected nothing is written', async (t) => {
  const base = Base.make(t);
  assert.equal((await base.scavenge()).members, 0);
  assert.deepEqual(readdirSync(base.path), []);
});

test('what is cut in a staging archive is kept aside and named; whole members are collected', async (t) => {
  const base = Base.make(t);
  await base.deposit(
    { 'a.zip/whole': 'w'.repeat(100), 'a.zip/cut\n': 'c'.repeat(100) },
    { compression: 'store', leaveOpen: true },
  );
  const [name = ''] = base.inbox();
  truncateSync(join(inboxOf(base.path), name), 300);
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.damaged], [1, 1]);
  assert.deepEqual(Object.keys(textsIn(base.at('a.zip'))), ['whole']);
  const [damaged = '', text = ''] = readdirSync(base.at('inbox/damaged')).toSorted();
  assert.match(damaged, /^[\w.-]+\.taken\.damaged$/);
  assert.equal(text, `${damaged}.txt`);
  assert.match(readFileSync(base.at('inbox/damaged', text), 'utf8'), /a\.zip\/cut\\u\{a\}/);

  await base.deposit({ 'a.zip/cut\n': 'c'.repeat(100) });
  await base.scavenge();
  assert.equal(textsIn(base.at('a.zip'))['cut\n'], 'c'.repeat(100));
});

test('what is no staging archive is quarantined with a reason, and hidden names are left alone', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  const [staging = ''] = base.inbox();
  mkdirSync(base.at('inbox/directory'));
  writeFileSync(base.at('inbox/notes.txt'), 'notes');
  writeFileSync(base.at('inbox/notes.txt.reason.txt'), 'also somebody’s');
  writeFileSync(base.at('inbox/.nfs0001'), '');
  writeFileSync(base.at('inbox', staging.replace(/[0-9a-f]{16}/, 'f'.repeat(16))), 'no zip file');
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.quarantined, report.damaged], [1, 4, 0]);
  assert.deepEqual(base.inbox(), ['.nfs0001']);
  const aside = readdirSync(base.at('inbox/quarantine'));
  assert.ok(aside.includes('notes.txt') && aside.includes('directory'), String(aside));
  assert.equal(aside.length, 8);
  for (const name of aside.filter((file) => file.endsWith('.reason.txt')))
    assert.ok(readFileSync(base.at('inbox/quarantine', name), 'utf8').length > 0);
});

test('an archive that cannot be written holds up no other, and what is staged for it stays', async (t) => {
  const base = Base.make(t);
  writeFileSync(base.at('sub'), 'a file where a directory should be');
  await base.deposit({ 'sub/a.zip/one': 'one', 'b.zip/one': 'one' });
  const report = await base.scavenge();
  assert.deepEqual(textsIn(base.at('b.zip')), { one: 'one' });
  assert.equal(report.failures[0]?.archive, 'sub/a.zip');
  assert.equal(base.inbox().length, 1);
  renameSync(base.at('sub'), base.at('moved'));
  assert.deepEqual((await base.scavenge()).failures, []);
  assert.deepEqual(textsIn(base.at('sub/a.zip')), { one: 'one' });
  assert.deepEqual(base.inbox(), []);
});

test('a base that is missing is said', async (t) => {
  const base = new Base(Base.make(t).at('missing'));
  await assert.rejects(base.scavenge(), { code: 'archive.base', retryable: true });
  assert.ok(!existsSync(base.path));
});

test('a round may end within a staging archive, which goes with its last member', async (t) => {
  const base = Base.make(t);
  const deposits = Object.fromEntries(
    Array.from({ length: 25 }, (_, number) => [`a.zip/${number}`, `${number}`]),
  );
  await base.deposit(deposits);
  await base.deposit({ 'b.zip/one': 'one' });
  const report = await base.scavenge({ roundMembers: 10 });
  assert.deepEqual([report.members, report.stagingArchives], [26, 2]);
  assert.equal(base.events.filter(({ event }) => event === 'archive.published').length, 4);
  assert.equal(Object.keys(textsIn(base.at('a.zip'))).length, 25);
  assert.deepEqual(base.inbox(), []);
});
