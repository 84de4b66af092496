import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { ArchiveSet } from '../../../../shared/archives/volumes/archive-set.ts';
import { keyOf } from '../../../../shared/archives/volumes/name-key.ts';
import { openBelow } from '../../../support/open-below.ts';
import { Base } from '../scavenger/base.ts';
import { foreignZip } from '../scavenger/foreign-zip.ts';

const sha256Of = (content: string): Buffer => createHash('sha256').update(content).digest();
const eight = (content: string): string => sha256Of(content).toString('hex').slice(0, 8);

test('a member is found by name and content in whatever volume, also as a version', async (t) => {
  const base = Base.make(t);
  const content = (number: number): string => `${number}${'x'.repeat(900)}`;
  const deposits = Object.fromEntries(
    Array.from({ length: 9 }, (_, number) => [`a.zip/${number}`, content(number)]),
  );
  await base.deposit({ ...deposits, 'a.zip/log.txt': 'one' }, { compression: 'store' });
  await base.deposit({ 'a.zip/log.txt': 'two' }, { compression: 'store' });
  await base.scavenge({ volumeBytes: 4000 });
  for (const index of ['there', 'gone']) {
    if (index === 'gone') rmSync(base.at('.wharfinger/index'), { recursive: true });
    const set = ArchiveSet.open(base.path, 'a.zip');
    t.after(() => set.close());
    assert.ok(set.volumes.length >= 3);
    const volumes = new Set<string>();
    for (let number = 0; number < 9; number += 1) {
      const found = set.find(`${number}`, sha256Of(content(number)));
      assert.equal(found?.storedAs, `${number}`);
      volumes.add(found?.volume ?? '');
    }
    assert.ok(volumes.size >= 3);
    const stored = ['one', 'two'].map((text) => set.find('log.txt', sha256Of(text))?.storedAs);
    assert.equal(new Set(stored).size, 2);
    assert.ok(stored.includes('log.txt'));
    assert.ok(
      stored.some((name) => name === `log.${eight('one')}.txt` || name === `log.${eight('two')}.txt`),
    );
    assert.equal(set.find('log.txt', sha256Of('three')), undefined);
    assert.equal(set.find('missing', sha256Of('one')), undefined);
    set.close();
  }
});

test('a set shows what was there when it was opened, also while volumes are replaced', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  await base.scavenge();
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  await base.deposit({ 'a.zip/two': 'two' });
  await base.scavenge();
  assert.ok(set.find('one', sha256Of('one')));
  assert.equal(set.find('two', sha256Of('two')), undefined);
});

test('an archive that is not there has nothing, and one that cannot be read is said', (t) => {
  const base = Base.make(t);
  const none = ArchiveSet.open(base.path, 'sub/none.zip');
  assert.deepEqual([none.volumes, none.faults, none.nextNumber()], [[], [], 1]);
  writeFileSync(base.at('bad.zip'), 'no zip file');
  const bad = ArchiveSet.open(base.path, 'bad.zip');
  assert.deepEqual([bad.volumes, bad.faults[0]?.volume, bad.nextNumber()], [[], 'bad.zip', 2]);
  assert.equal(bad.find('one', sha256Of('one')), undefined);
});

test('a member of somebody else’s zip is found by its bytes', (t) => {
  const base = Base.make(t);
  writeFileSync(base.at('a.zip'), foreignZip([{ name: 'his', content: 'his' }]));
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  assert.deepEqual(set.find('his', sha256Of('his')), { volume: 'a.zip', storedAs: 'his' });
  assert.equal(set.find('his', sha256Of('hers')), undefined);
});

/** An archive of many volumes without an index, with one member each: `1` in `a.zip`, `2` in `a-2.zip`, … */
async function manyVolumes(t: TestContext, count: number): Promise<Base> {
  const base = Base.make(t);
  const deposits = Array.from({ length: count }, (_, at) => [`a.zip/${at + 1}`, `${at + 1}`] as const);
  await base.deposit(deposits);
  await base.scavenge({ volumeBytes: 1 });
  rmSync(base.at('.wharfinger/index'), { recursive: true });
  return base;
}

test('however many volumes an archive has, few of its files are open', async (t) => {
  const base = await manyVolumes(t, 30);
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  assert.equal(set.volumes.length, 30);
  assert.ok(openBelow(base.path) <= 8);
  for (const number of [1, 30, 15, 2, 29]) {
    const volume = number === 1 ? 'a.zip' : `a-${number}.zip`;
    assert.deepEqual(set.find(`${number}`, sha256Of(`${number}`)), { volume, storedAs: `${number}` });
    assert.ok(openBelow(base.path) <= 8);
  }
  set.close();
  assert.equal(openBelow(base.path), 0);
});

test('a volume that was replaced since it was looked at is found out when it is opened again', async (t) => {
  const base = await manyVolumes(t, 12);
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  cpSync(base.at('a-2.zip'), base.at('copy'), { preserveTimestamps: true });
  renameSync(base.at('copy'), base.at('a-2.zip'));
  assert.ok(set.find('3', sha256Of('3')));
  assert.throws(() => set.find('2', sha256Of('2')), { code: 'archive.changed', subject: 'a-2.zip' });
});

test('the last volume, which alone is replaced as a rule, stays open while all others are read', async (t) => {
  const base = await manyVolumes(t, 12);
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  rmSync(base.at('a-12.zip'));
  for (let number = 1; number <= 12; number += 1) assert.ok(set.find(`${number}`, sha256Of(`${number}`)));
});

test('the further volumes of an archive that has nothing before its suffix are found like others', async (t) => {
  const base = Base.make(t);
  const content = (name: string): Record<string, string> => ({ [`.zip/${name}`]: name });
  const deposit = () => base.deposit({ ...content('a'), ...content('b'), ...content('c') });
  await deposit();
  await base.scavenge({ volumeBytes: 1 });
  const set = ArchiveSet.open(base.path, '.zip');
  t.after(() => set.close());
  assert.deepEqual(set.volumes, ['.zip', '-2.zip', '-3.zip']);
  await deposit();
  const { members, duplicates } = await base.scavenge({ volumeBytes: 1 });
  assert.deepEqual([members, duplicates], [0, 3]);
});

test('the places of many names are given with their volumes, and what stands there is read when it is asked for', async (t) => {
  const base = await manyVolumes(t, 12);
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  const names = ['12', 'missing', '3'];
  const found: [string, string | undefined, string | undefined][] = [];
  set.places(names.map(keyOf), (volume, position, entryOffset) =>
    found.push([volume.path, names[position], set.entryAt(volume, entryOffset)?.name]),
  );
  assert.deepEqual(found, [
    ['a-3.zip', '3', '3'],
    ['a-12.zip', '12', '12'],
  ]);
  assert.ok(openBelow(base.path) <= 8);
});
