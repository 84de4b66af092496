import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { rawComment } from '../../../../shared/archives/scavenger/raw-end.ts';
import { ArchiveSet } from '../../../../shared/archives/volumes/archive-set.ts';
import { Base } from './base.ts';
import { foreignZip } from './foreign-zip.ts';
import { readZip, textsIn } from './read-zip.ts';

function putZip(file: string, members: readonly (readonly [string, string])[], comment = ''): void {
  writeFileSync(
    file,
    foreignZip(
      members.map(([name, content]) => ({ name, content })),
      comment,
    ),
  );
}

const commentOf = (file: string): Buffer => {
  const fd = openSync(file, 'r');
  try {
    return rawComment(fd, statSync(file).size);
  } finally {
    closeSync(fd);
  }
};

test('a zip that somebody made is the first volume; his members, comment, mode and order stay', async (t) => {
  const base = Base.make(t);
  const his = { 'dir/': '', 'dir/his': 'his', same: 'same', other: 'his' };
  putZip(base.at('a.zip'), Object.entries(his), 'caf\xe9 \xff');
  chmodSync(base.at('a.zip'), 0o640);
  const before = readFileSync(base.at('a.zip'));
  await base.deposit({ 'a.zip/same': 'same', 'a.zip/other': 'ours', 'a.zip/new': 'new' });
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.duplicates, report.versions], [2, 1, 1]);
  const names = readZip(base.at('a.zip')).map(([name]) => name);
  assert.deepEqual(names.slice(0, 4), Object.keys(his));
  assert.equal(names.length, 6);
  assert.equal(commentOf(base.at('a.zip')).toString('latin1'), 'caf\xe9 \xff');
  assert.equal(statSync(base.at('a.zip')).mode & 0o777, 0o640);
  const directory = before.indexOf('PK\x01\x02');
  assert.ok(readFileSync(base.at('a.zip')).subarray(0, directory).equals(before.subarray(0, directory)));
});

test('a member that a zip has twice, and one that is packed in another way, are kept as they are', async (t) => {
  const base = Base.make(t);
  const his = [
    { name: 'twice', content: 'one' },
    { name: 'twice', content: 'two' },
    { name: 'odd', content: 'odd', method: 99 },
  ];
  writeFileSync(base.at('a.zip'), foreignZip(his));
  await base.deposit({ 'a.zip/twice': 'two', 'a.zip/odd': 'odd' });
  const report = await base.scavenge();
  assert.deepEqual([report.duplicates, report.versions], [1, 1]);
});

test('what is no valid zip stays as it is, is said, and the next number is taken', async (t) => {
  const base = Base.make(t);
  writeFileSync(base.at('a.zip'), 'no zip at all');
  mkdirSync(base.at('b.zip'));
  await base.deposit({ 'whole.zip/one': 'one' });
  await base.scavenge();
  copyFileSync(base.at('whole.zip'), base.at('elsewhere.zip'));
  symlinkSync('elsewhere.zip', base.at('c.zip'));
  writeFileSync(
    base.at('d.zip'),
    Buffer.concat([Buffer.from('#!/bin/sh\n'), readFileSync(base.at('whole.zip'))]),
  );
  base.events.length = 0;
  for (const name of ['a', 'b', 'c', 'd']) await base.deposit({ [`${name}.zip/new`]: 'new' });
  await base.scavenge();
  const said = base.events.flatMap((event) => (event.event === 'archive.bad_volume' ? [event.volume] : []));
  assert.deepEqual(said.toSorted(), ['a.zip', 'b.zip', 'c.zip', 'd.zip']);
  for (const name of ['a', 'b', 'c', 'd'])
    assert.deepEqual(textsIn(base.at(`${name}-2.zip`)), { new: 'new' });
  assert.equal(readFileSync(base.at('a.zip'), 'utf8'), 'no zip at all');
  assert.deepEqual(textsIn(base.at('elsewhere.zip')), { one: 'one' });
  // And again into the same second volumes.
  await base.deposit({ 'a.zip/newer': 'newer' });
  await base.scavenge();
  assert.deepEqual(textsIn(base.at('a-2.zip')), { new: 'new', newer: 'newer' });
});

test('a zip whose directory is spoiled counts as full, and is left as it is', async (t) => {
  const base = Base.make(t);
  putZip(base.at('a.zip'), [
    ['one', 'one'],
    ['two', 'two'],
  ]);
  const bytes = readFileSync(base.at('a.zip'));
  bytes.write('XX', bytes.lastIndexOf('PK\x01\x02'));
  writeFileSync(base.at('a.zip'), bytes);
  await base.deposit({ 'a.zip/new': 'new' });
  await base.scavenge();
  assert.deepEqual(textsIn(base.at('a-2.zip')), { new: 'new' });
  assert.ok(readFileSync(base.at('a.zip')).equals(bytes));
});

test('a zip with the name of a further volume is none unless it says so', async (t) => {
  const base = Base.make(t);
  putZip(base.at('a-2.zip'), [['his', 'his']]);
  mkdirSync(base.at('a-3.zip'));
  await base.deposit({ 'a.zip/one': 'x'.repeat(3000), 'a.zip/two': 'two' }, { compression: 'store' });
  await base.scavenge({ volumeBytes: 2000 });
  assert.deepEqual(textsIn(base.at('a-2.zip')), { his: 'his' });
  assert.deepEqual(textsIn(base.at('a-4.zip')), { two: 'two' });
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  assert.deepEqual(set.volumes, ['a.zip', 'a-4.zip']);
});

test('deposits into the name of another archive’s volume go beside it', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'x'.repeat(3000), 'a.zip/two': 'two' }, { compression: 'store' });
  await base.scavenge({ volumeBytes: 2000 });
  await base.deposit({ 'a-2.zip/mine': 'mine' });
  await base.scavenge();
  assert.deepEqual(textsIn(base.at('a-2.zip')), { two: 'two' });
  assert.deepEqual(textsIn(base.at('a-2-2.zip')), { mine: 'mine' });
});

test('an archive that was renamed goes on under its new name', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  await base.scavenge();
  renameSync(base.at('a.zip'), base.at('b.zip'));
  await base.deposit({ 'b.zip/two': 'two' });
  await base.scavenge();
  assert.deepEqual(textsIn(base.at('b.zip')), { one: 'one', two: 'two' });
});

test('a link to a directory on the way to an archive is refused, wherever it leads', async (t) => {
  const base = Base.make(t);
  mkdirSync(base.at('..', 'outside'));
  symlinkSync('../outside', base.at('sub'));
  await base.deposit({ 'sub/a.zip/one': 'one' });
  const report = await base.scavenge();
  assert.equal(report.failures.length, 1);
  assert.equal(base.inbox().length, 1);
});

test('a volume that somebody changes while it is written anew is not replaced', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  await base.scavenge();
  await base.deposit({ 'a.zip/two': 'two' });
  let touched = false;
  const report = await base.scavenge({
    crash: {
      reach(point) {
        if (point !== 'scavenge.written' || touched) return;
        touched = true;
        writeFileSync(base.at('a.zip'), 'somebody’s own', { flag: 'r+' });
      },
    },
  });
  assert.equal(report.failures[0]?.error.message, 'a.zip was changed by somebody else');
  assert.match(readFileSync(base.at('a.zip'), 'utf8'), /^somebody’s own/);
  assert.equal(base.inbox().length, 1);
  await base.scavenge();
  assert.deepEqual(base.inbox(), []);
});

test('a new volume’s name that somebody takes meanwhile stays his', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  writeFileSync(base.at('his'), 'his');
  const report = await base.scavenge({
    crash: {
      reach(point) {
        if (point === 'scavenge.before-rename') linkSync(base.at('his'), base.at('a.zip'));
      },
    },
  });
  assert.equal(report.failures.length, 1);
  assert.equal(readFileSync(base.at('a.zip'), 'utf8'), 'his');
  await base.scavenge();
  assert.deepEqual(textsIn(base.at('a-2.zip')), { one: 'one' });
});

test('a zip whose members lie behind its directory is left as it is, and counts as full', async (t) => {
  const base = Base.make(t);
  const [before, behind] = ['before', 'behind'].map((name) => foreignZip([{ name, content: name }]));
  assert.ok(before !== undefined && behind !== undefined);
  const directory = (zip: Buffer): Buffer =>
    zip.subarray(zip.indexOf('PK\x01\x02'), zip.indexOf('PK\x05\x06'));
  const local = (zip: Buffer): Buffer => zip.subarray(0, zip.indexOf('PK\x01\x02'));
  const entries = Buffer.concat([directory(before), directory(behind)]);
  const end = Buffer.from(before.subarray(-22));
  end.writeUInt16LE(2, 8);
  end.writeUInt16LE(2, 10);
  end.writeUInt32LE(entries.length, 12);
  entries.writeUInt32LE(local(before).length + entries.length, directory(before).length + 42);
  const zip = Buffer.concat([local(before), entries, local(behind), end]);
  writeFileSync(base.at('a.zip'), zip);
  await base.deposit({ 'a.zip/new': 'new' });
  await base.scavenge();
  assert.ok(readFileSync(base.at('a.zip')).equals(zip));
  assert.deepEqual(textsIn(base.at('a-2.zip')), { new: 'new' });
  assert.match(JSON.stringify(base.events), /has members behind its directory/);
});
