import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { LeaseLostError } from '../../../shared/errors.ts';
import type { Settlements } from '../../../shared/queue/settle.ts';
import { writeTransaction } from '../../../shared/state/transaction.ts';
import { ownQueue, type QueueHolder, seenJobs } from '../../support/queue-holder.ts';

/** A job that one holder claimed first, and another has in hand now. */
function taken(t: TestContext): { one: QueueHolder; two: QueueHolder; old: number; current: number } {
  const { one, another } = ownQueue(t);
  const two = another('two', 2);
  one.put('a');
  const old = one.claim()?.token ?? 0;
  two.claims.reclaim(one.clock.nowMs(), 5, ({ pid }) => pid === 1);
  const current = two.claim(1, 'suspect')?.token ?? 0;
  return { one, two, old, current };
}

const WAYS: Record<string, (settlements: Settlements, token: number) => void> = {
  complete: (settlements, token) => settlements.complete(1, token),
  delay: (settlements, token) =>
    settlements.delay(1, token, { runAtMs: 5, reason: 'later', charged: true, nowMs: 0 }),
  fail: (settlements, token) => settlements.fail(1, token, 'it is bad', 0),
  release: (settlements, token) => settlements.release(1, token, 0),
};

for (const [name, settle] of Object.entries(WAYS)) {
  test(`${name} with the token of an old lease throws and changes nothing`, (t) => {
    const { one, two, old, current } = taken(t);
    const before = seenJobs(one.state);
    assert.throws(() => settle(one.settlements, old), LeaseLostError);
    assert.deepEqual(seenJobs(one.state), before);
    assert.equal(one.settlements.holds(1, old), false);
    assert.equal(two.settlements.holds(1, current), true);
  });

  test(`${name} works once: the second time the job is no longer held`, (t) => {
    const { two, current } = taken(t);
    settle(two.settlements, current);
    assert.throws(() => settle(two.settlements, current), LeaseLostError);
  });
}

test('a settlement that finds its lease lost takes back all else of its transaction', (t) => {
  const { one } = ownQueue(t);
  one.put('a');
  one.put('b');
  const token = one.claim()?.token ?? 0;
  one.settlements.complete(2, token);
  const settleBoth = () => {
    one.settlements.complete(1, token);
    one.settlements.complete(2, token);
  };
  assert.throws(() => writeTransaction(one.state, settleBoth), LeaseLostError);
  assert.deepEqual(
    seenJobs(one.state).map(({ key, token }) => [key, token]),
    [['a', token]],
  );
});

test('a delay that is not the fault of the file, and a release, take the charge back', (t) => {
  const { one } = ownQueue(t);
  one.put('charged');
  one.put('not charged');
  one.put('released');
  const token = one.claim()?.token ?? 0;
  one.settlements.delay(1, token, { runAtMs: 5, reason: 'bad', charged: true, nowMs: 0 });
  one.settlements.delay(2, token, { runAtMs: 5, reason: 'disk full', charged: false, nowMs: 0 });
  one.settlements.release(3, token, 0);
  assert.deepEqual(
    seenJobs(one.state).map(({ state, attempts, runAtMs, reason }) => [state, attempts, runAtMs, reason]),
    [
      ['delayed', 1, 5, 'bad'],
      ['delayed', 0, 5, 'disk full'],
      ['ready', 0, 0, null],
    ],
  );
});
