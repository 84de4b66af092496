import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breath } from '../../../../shared/archives/scavenger/breath.ts';
import { readInbox } from '../../../../shared/archives/scavenger/inbox.ts';
import { roundsOf } from '../../../../shared/archives/scavenger/rounds.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { Base } from './base.ts';

const breath = new Breath(systemClock, new AbortController().signal);

async function roundsIn(base: Base, bounds: { mostMembers?: number; mostHeldBytes?: number }) {
  const { ready } = await readInbox(base.path);
  const onUnreadable = (_: unknown, error: unknown): void => assert.fail(String(error));
  const rounds: { members: number; ended: number }[] = [];
  for await (const { members, ended } of roundsOf({
    base: base.path,
    ready,
    breath,
    onUnreadable,
    ...bounds,
  }))
    rounds.push({ members: members.length, ended: ended.length });
  return rounds;
}

test('a staging archive reaches over as many rounds as it has too many members for, and ends in the last', async (t) => {
  const base = Base.make(t);
  await base.deposit(Array.from({ length: 5 }, (_, n) => [`a.zip/${n}`, `${n}`] as const));
  await base.deposit({ 'a.zip/small': 'small' });
  const rounds = await roundsIn(base, { mostMembers: 4 });
  assert.deepEqual(
    rounds.map(({ members }) => members),
    [4, 2],
  );
  assert.equal(
    rounds.reduce((sum, { ended }) => sum + ended, 0),
    2,
  );
  assert.equal(rounds[1]?.ended, rounds[0]?.ended === 1 ? 1 : 2);
});

test('a round of long names ends before they fill the memory', async (t) => {
  const base = Base.make(t);
  const long = Array.from({ length: 15 }, () => 'x'.repeat(250)).join('/');
  await base.deposit(Array.from({ length: 7 }, (_, n) => [`a.zip/${n}/${long}`, `${n}`] as const));
  assert.deepEqual(await roundsIn(base, { mostHeldBytes: 10_000 }), [
    { members: 3, ended: 0 },
    { members: 3, ended: 0 },
    { members: 1, ended: 1 },
  ]);
});
