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

/** Jobs `a` to `e` in one holder's hand, but for those whose numbers are given. */
function fiveHeld(t: TestContext, without: readonly number[] = []): { one: QueueHolder; token: number } {
  const { one } = ownQueue(t);
  for (const key of ['a', 'b', 'c', 'd', 'e']) one.put(key);
  const token = one.claim()?.token ?? 0;
  for (const id of without) one.settlements.complete(id, token);
  return { one, token };
}

const heldIds = (one: QueueHolder): number[] => seenJobs(one.state).map(({ id }) => id);

test('many jobs are completed at once, in whatever order, and no others', (t) => {
  const { one, token } = fiveHeld(t);
  one.settlements.completeAll([5, 1, 2], token);
  assert.deepEqual(heldIds(one), [3, 4]);
  one.settlements.completeAll([], token);
  assert.deepEqual(heldIds(one), [3, 4]);
});

test('many jobs of which one is gone, or of another lease, are not completed: all stays as it was', (t) => {
  const { one, token } = fiveHeld(t, [4]);
  one.settlements.release(3, token, 0);
  const other = one.claim()?.token ?? 0;
  const before = seenJobs(one.state);
  const completeAll = (ids: number[], by = token) =>
    writeTransaction(one.state, () => one.settlements.completeAll(ids, by));
  for (const ids of [[1, 2, 3], [1, 3], [4], [1, 4, 5], [1, 6]]) {
    assert.throws(() => completeAll(ids), LeaseLostError, `with the jobs ${ids}`);
    assert.deepEqual(seenJobs(one.state), before);
  }
  assert.throws(() => completeAll([3], token + 100), LeaseLostError);
  completeAll([3], other);
  completeAll([1, 2, 5]);
  assert.deepEqual(heldIds(one), []);
});

test('what a token holds is told as it is now: neither settled jobs nor those of another lease', (t) => {
  const { one, token } = fiveHeld(t);
  one.settlements.complete(1, token);
  one.settlements.fail(2, token, 'it is bad', 0);
  one.settlements.release(3, token, 0);
  const other = one.claim()?.token ?? 0;
  assert.deepEqual(one.settlements.heldBy(token), new Set([4, 5]));
  assert.deepEqual(one.settlements.heldBy(other), new Set([3]));
  assert.deepEqual(one.settlements.heldBy(other + 1), new Set());
});

test('a lease is ended once nothing is left of it, and not before', (t) => {
  const { one, token } = fiveHeld(t, [1, 2, 3, 4]);
  const leases = one.state.prepare<[], number>('SELECT token FROM leases').pluck();
  one.put('f');
  const other = one.claim()?.token ?? 0;
  assert.equal(one.settlements.endLease(token), false);
  assert.deepEqual(leases.all(), [token, other]);
  one.settlements.fail(5, token, 'it is bad', 0);
  assert.equal(one.settlements.endLease(token), true);
  assert.equal(one.settlements.endLease(token), false, 'it is ended once');
  assert.deepEqual(leases.all(), [other]);
});

test('a job that was given to another file while it was held is passed on, and any other is not', (t) => {
  const { two, current } = taken(t);
  const { state, settlements } = two;
  const payload = '{"ledger":1}';
  state.prepare('UPDATE jobs SET payload = ? WHERE id = 1').run(payload);
  assert.equal(settlements.passOn({ id: 1, payload }, current, 0), false);
  assert.equal(settlements.holds(1, current), true);
  assert.equal(settlements.passOn({ id: 1, payload: '{"ledger":0}' }, current + 1, 0), false, 'fenced');
  assert.equal(settlements.passOn({ id: 1, payload: '{"ledger":0}' }, current, 0), true);
  assert.equal(settlements.holds(1, current), false);
  assert.deepEqual(state.prepare('SELECT state, attempts FROM jobs').all(), [
    { state: 'ready', attempts: 0 },
  ]);
});
