import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breath } from '../../../../shared/archives/scavenger/breath.ts';
import { plan } from '../../../../shared/archives/scavenger/plan.ts';
import type { Collected } from '../../../../shared/archives/scavenger/rounds.ts';
import { ArchiveSet } from '../../../../shared/archives/volumes/archive-set.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { memberOf } from '../zip/build-zip.ts';
import { Base } from './base.ts';

const breath = new Breath(systemClock, new AbortController().signal);

const collected = (name: string, content: string): Collected => ({
  member: { ...memberOf(name, content).facts, to: { archive: 'a.zip', member: name }, dataOffset: 0 },
  // Where it was read does not matter to the plan.
  staging: {} as Collected['staging'],
});

const names = (planned: readonly { storedAs: string }[]): string[] => planned.map(({ storedAs }) => storedAs);

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
    [
      collected('2', `2${'x'.repeat(600)}`),
      collected('1', 'another'),
      collected('new', 'new'),
      collected('new', 'new'),
    ],
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
  const members = ['one', 'two', 'three'].map((content) => collected('log', content));
  for (const order of [members, members.toReversed()]) {
    const set = ArchiveSet.open(base.path, 'a.zip');
    t.after(() => set.close());
    const { stored } = await plan(set, order, breath);
    assert.equal(new Set(names(stored)).size, 3);
    assert.equal(stored.filter(({ storedAs }) => storedAs === 'log').length, 1);
  }
});

test('where every name is taken on purpose it is refused, and said', async (t) => {
  const base = Base.make(t);
  const target = collected('log', 'content');
  const hex = target.member.sha256.toString('hex');
  const taken = ['log', ...[8, 16, 32, 64].map((digits) => `log.${hex.slice(0, digits)}`)];
  await base.deposit(taken.map((name) => [`a.zip/${name}`, `taken: ${name}`] as const));
  await base.scavenge();
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  await assert.rejects(plan(set, [target], breath), { code: 'archive.name-taken' });
});
