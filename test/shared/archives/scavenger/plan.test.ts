import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breath } from '../../../../shared/archives/scavenger/breath.ts';
import type { CollectedList } from '../../../../shared/archives/scavenger/collected.ts';
import { type PlannedMembers, plan } from '../../../../shared/archives/scavenger/plan.ts';
import { RoundMembers } from '../../../../shared/archives/scavenger/round-members.ts';
import { ArchiveSet } from '../../../../shared/archives/volumes/archive-set.ts';
import { systemClock } from '../../../../shared/clock.ts';
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
