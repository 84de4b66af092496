import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { LeaseLostError } from '../../../shared/errors.ts';
import type { HeldLease } from '../../../shared/queue/lease-keeper.ts';
import { writeTransaction } from '../../../shared/state/transaction.ts';
import { LEASE_MS, ownQueue, type QueueHolder, seenJobs } from '../../support/queue-holder.ts';

const THIRD_MS = LEASE_MS / 3;

/** A holder with one job in hand, and timers that run with its clock. */
function holding(t: TestContext): {
  one: QueueHolder;
  another: QueueHolder;
  held: HeldLease;
  turn(ms: number): void;
  expiresMs(): number;
} {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { one, another } = ownQueue(t);
  one.put('a');
  const lease = one.claim();
  assert.ok(lease);
  const expires = one.state.prepare('SELECT expires_ms FROM leases WHERE token = ?').pluck();
  return {
    one,
    another: another('another', 2),
    held: one.keeper.keep(lease, one.clock.monotonicMs()),
    turn(ms) {
      one.clock.turn(ms);
      t.mock.timers.tick(ms);
    },
    expiresMs: () => Number(expires.get(lease.token)),
  };
}

const neverDead = () => false;

test('a lease is renewed at a third of its time, and again and again', (t) => {
  const { one, held, turn, expiresMs } = holding(t);
  const claimedMs = one.clock.nowMs();
  turn(THIRD_MS - 1);
  assert.equal(expiresMs(), claimedMs + LEASE_MS);
  turn(1);
  assert.equal(expiresMs(), claimedMs + THIRD_MS + LEASE_MS);
  for (let n = 0; n < 10; n++) turn(THIRD_MS);
  held.assertTrusted();
  assert.equal(expiresMs(), one.clock.nowMs() + LEASE_MS);
});

test('a holder stops trusting its lease before anybody may take it away', (t) => {
  const { one, another, held } = holding(t);
  one.clock.turn(LEASE_MS * 0.8);
  held.assertTrusted();
  one.clock.turn(1);
  assert.throws(() => held.assertTrusted(), LeaseLostError);
  assert.deepEqual(another.claims.reclaim(one.clock.nowMs(), 5, neverDead), []);
});

test('a holder that was frozen stops trusting its lease though no timer ran and its wall clock was set back', (t) => {
  const { one, held } = holding(t);
  one.clock.steadyMs += LEASE_MS;
  one.clock.wallMs -= LEASE_MS;
  assert.throws(() => held.assertTrusted(), LeaseLostError);
  assert.equal(held.lost.aborted, false);
});

test('a holder that was frozen, and from whom nobody took the lease, trusts it again once it is renewed', (t) => {
  const { one, held } = holding(t);
  one.clock.turn(LEASE_MS * 2);
  assert.throws(() => held.assertTrusted(), LeaseLostError);
  one.keeper.renewAll();
  held.assertTrusted();
});

test('trust counts from before the claim, however long the claim took', (t) => {
  const { one } = ownQueue(t);
  one.put('a');
  const startedMs = one.clock.monotonicMs();
  const lease = one.claim();
  assert.ok(lease);
  one.clock.turn(LEASE_MS * 0.5);
  const held = one.keeper.keep(lease, startedMs);
  one.clock.turn(LEASE_MS * 0.3 + 1);
  assert.throws(() => held.assertTrusted(), LeaseLostError);
});

test('a lease that was taken away aborts its signal with the reason, and is not held any more', (t) => {
  const { one, another, held, turn } = holding(t);
  another.claims.reclaim(one.clock.nowMs() + LEASE_MS, 5, neverDead);
  held.assertTrusted();
  turn(THIRD_MS);
  assert.ok(held.lost.aborted);
  assert.ok(held.lost.reason instanceof LeaseLostError);
  assert.throws(() => held.assertTrusted(), LeaseLostError);
  assert.equal(one.keeper.holds(held.token), false);
});

test('a lease that was taken away does not keep the others from being renewed', (t) => {
  const { one, another, held, turn } = holding(t);
  another.claims.reclaim(one.clock.nowMs() + LEASE_MS, 5, neverDead);
  one.put('b');
  const second = one.claim();
  assert.ok(second);
  const kept = one.keeper.keep(second, one.clock.monotonicMs());
  for (let n = 0; n < 4; n++) turn(THIRD_MS);
  assert.ok(held.lost.aborted);
  kept.assertTrusted();
});

test('while the state file is busy a lease is asked for again, and trusted no longer than its last renewal says', (t) => {
  const { another, held, turn, expiresMs } = holding(t);
  another.state.exec('BEGIN IMMEDIATE');
  const beforeMs = expiresMs();
  turn(THIRD_MS);
  turn(THIRD_MS);
  assert.equal(expiresMs(), beforeMs);
  held.assertTrusted();
  turn(LEASE_MS * 0.8 - THIRD_MS * 2 + 1);
  assert.throws(() => held.assertTrusted(), LeaseLostError);
  assert.equal(held.lost.aborted, false);
  another.state.exec('COMMIT');
  turn(THIRD_MS);
  held.assertTrusted();
});

test('a lease that is ended gives its jobs back at once and is renewed no more; ending it twice changes nothing', (t) => {
  const { one, held, turn } = holding(t);
  one.keeper.end(held.token);
  one.keeper.end(held.token);
  turn(THIRD_MS);
  assert.equal(one.keeper.holds(held.token), false);
  assert.deepEqual(
    seenJobs(one.state).map(({ state, attempts }) => ({ state, attempts })),
    [{ state: 'ready', attempts: 0 }],
  );
});

test('a keeper that was stopped lets its leases run out', (t) => {
  const { one, held, turn, expiresMs } = holding(t);
  const beforeMs = expiresMs();
  one.keeper.stop();
  turn(THIRD_MS);
  assert.equal(expiresMs(), beforeMs);
  one.clock.turn(LEASE_MS);
  assert.throws(() => held.assertTrusted(), LeaseLostError);
});

/** Settles the one job in hand, and ends its lease with it. */
function settleLast({ one, held }: { one: QueueHolder; held: HeldLease }): void {
  const isEnded = writeTransaction(one.state, () => {
    one.settlements.complete(1, held.token);
    return one.settlements.endLease(held.token);
  });
  assert.ok(isEnded);
  held.wasEnded();
}

test('to end a lease that was ended with its last job asks nothing of the state file', (t) => {
  const { one, another, held } = holding(t);
  settleLast({ one, held });
  another.state.exec('BEGIN IMMEDIATE');
  one.keeper.end(held.token);
  assert.throws(() => one.claims.end(held.token, 0), { code: 'SQLITE_BUSY' }, 'which would be refused');
});

test('a lease that was ended with its last job is not held any more, nor found lost at the next renewal', (t) => {
  const { one, held, turn } = holding(t);
  settleLast({ one, held });
  assert.equal(one.keeper.holds(held.token), false);
  turn(THIRD_MS);
  assert.equal(held.lost.aborted, false);
});

test('a lease that was ended with its last job does not keep the others from being renewed and ended', (t) => {
  const { one, held, turn } = holding(t);
  one.put('b');
  const second = one.claim();
  assert.ok(second);
  const kept = one.keeper.keep(second, one.clock.monotonicMs());
  settleLast({ one, held });
  for (let n = 0; n < 4; n++) turn(THIRD_MS);
  kept.assertTrusted();
  one.keeper.end(held.token);
  assert.equal(one.keeper.holds(kept.token), true);
  one.keeper.end(kept.token);
  assert.equal(seenJobs(one.state)[0]?.state, 'ready');
});
