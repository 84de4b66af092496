import assert from 'node:assert/strict';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Breath } from '../../../../shared/archives/scavenger/breath.ts';
import type { CollectedList } from '../../../../shared/archives/scavenger/collected.ts';
import { type PlannedMembers, plan } from '../../../../shared/archives/scavenger/plan.ts';
import { RoundMembers } from '../../../../shared/archives/scavenger/round-members.ts';
import { ArchiveSet } from '../../../../shared/archives/volumes/archive-set.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { openBelow } from '../../../support/open-below.ts';
import { memberOf } from '../zip/build-zip.ts';
import { Base } from './base.ts';
import { staging } from './staging.ts';

const breath = new Breath(systemClock, new AbortController().signal);

/** As they come out of a round; where they were read does not matter to the plan. */
function collected(...members: readonly (readonly [name: string, content: string])[]): CollectedList {
  const round = new RoundMembers();
  for (const [name, content] of members) {
    const { facts } = memberOf(name, content);
    const to = { archive: 'a.zip', member: name };
    round.add({ ...facts, to, name: `a.zip/${name}`, dataOffset: 0 }, staging());
  }
  return round.groups()[0]?.[1] ?? assert.fail('no members');
}

const names = (planned: PlannedMembers): string[] =>
  Array.from({ length: planned.length }, (_, position) => planned.at(position)?.storedAs ?? '');

test('a plan says what is new, under which name, and which volumes hold the rest', async (t) => {
  const base = Base.make(t);
  for (const number of [1, 2])
    await base.deposit({ [`a.zip/${number}`]: `${number}${'x'.repeat(600)}` }, { compression: 'store' });
  await base.scavenge({ volumeBytes: 600 });
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  assert.equal(set.volumes.length, 2);
  const { stored, duplicates, holding } = await plan(
    set,
    collected(['2', `2${'x'.repeat(600)}`], ['1', 'another'], ['new', 'new'], ['new', 'new']),
    breath,
  );
  assert.equal(duplicates, 2);
  assert.equal(names(stored).length, 2);
  assert.ok(names(stored).includes('new'));
  assert.match(names(stored).find((name) => name !== 'new') ?? '', /^1\.[0-9a-f]{8}$/);
  assert.deepEqual(
    [...holding].map(({ path }) => path),
    [
      set.volumes.find(
        (path) => set.find('2', memberOf('2', `2${'x'.repeat(600)}`).facts.sha256)?.volume === path,
      ),
    ],
  );
});

test('the same members in another order come to the same contents', async (t) => {
  const base = Base.make(t);
  const members = ['one', 'two', 'three'].map((content) => ['log', content] as const);
  for (const order of [members, members.toReversed()]) {
    const set = ArchiveSet.open(base.path, 'a.zip');
    t.after(() => set.close());
    const { stored } = await plan(set, collected(...order), breath);
    assert.equal(new Set(names(stored)).size, 3);
    assert.equal(names(stored).filter((name) => name === 'log').length, 1);
  }
});

test('a version takes no name that another member of the round has', async (t) => {
  const base = Base.make(t);
  const hex = memberOf('log', 'two').facts.sha256.toString('hex');
  const taken = `log.${hex.slice(0, 8)}`;
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  const members = collected(['log', 'one'], ['log', 'two'], [taken, 'three'], ['log', 'two']);
  const { stored, duplicates } = await plan(set, members, breath);
  assert.deepEqual(names(stored), ['log', taken, `log.${hex.slice(0, 16)}`]);
  assert.equal(duplicates, 1);
  assert.deepEqual(
    [...stored.versions()].map(({ member, storedAs }) => [member.name, storedAs]),
    [['log', `log.${hex.slice(0, 16)}`]],
  );
});

test('where every name is taken on purpose it is refused, and said', async (t) => {
  const base = Base.make(t);
  const hex = memberOf('log', 'content').facts.sha256.toString('hex');
  const taken = ['log', ...[8, 16, 32, 64].map((digits) => `log.${hex.slice(0, digits)}`)];
  await base.deposit(taken.map((name) => [`a.zip/${name}`, `taken: ${name}`] as const));
  await base.scavenge();
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  await assert.rejects(plan(set, collected(['log', 'content']), breath), { code: 'archive.name-taken' });
});

/** Calls by which this process has read so far, as the kernel counts them. */
const readsSoFar = (): number => Number(/^syscr: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);

test('of what is there already the entry, the header and the data are read once each', async (t) => {
  const base = Base.make(t);
  const members = Array.from({ length: 1000 }, (_, number) => [`${number}`, `content ${number}`] as const);
  await base.deposit(members.map(([name, content]) => [`a.zip/${name}`, content] as const));
  await base.scavenge();
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  // One without an index would be walked through.
  for (const volume of set.readable) for (const _ of volume.makeIndex()) void _;
  const staged = collected(...members);
  const before = readsSoFar();
  const { duplicates, stored } = await plan(set, staged, breath);
  const reads = readsSoFar() - before;
  t.diagnostic(`${reads} reads`);
  assert.deepEqual([duplicates, stored.length], [1000, 0]);
  assert.ok(reads < 3.2 * members.length, `${reads} reads`);
});

test('what cannot be read of a directory any more is stored anew, and its volume goes over to the faults', async (t) => {
  const base = Base.make(t);
  const members = ['one', 'two', 'three'].map((name) => [name, name] as const);
  await base.deposit(members.map(([name, content]) => [`a.zip/${name}`, content] as const));
  await base.scavenge();
  utimesSync(base.at('a.zip'), 1_700_000_000, 1_700_000_000);
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  for (const volume of set.readable) for (const _ of volume.makeIndex()) void _;
  const bytes = readFileSync(base.at('a.zip'));
  const second = bytes.indexOf('PK\x01\x02', bytes.indexOf('PK\x01\x02') + 1);
  bytes.write('XX', second);
  writeFileSync(base.at('a.zip'), bytes);
  utimesSync(base.at('a.zip'), 1_700_000_000, 1_700_000_000);
  const { duplicates, holding, stored } = await plan(set, collected(...members), breath);
  assert.deepEqual([names(stored), duplicates], [['two', 'three'], 1]);
  assert.deepEqual(
    set.faults.map(({ volume }) => volume),
    ['a.zip'],
  );
  // To be made durable, for the first one.
  for (const volume of holding) volume.open();
  assert.ok(openBelow(base.path) > 0);
  set.close();
  assert.equal(openBelow(base.path), 0);
});
