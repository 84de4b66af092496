import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseLostError } from '../../../shared/errors.ts';
import type { ProcessIdentity } from '../../../shared/linux/process-identity.ts';
import { LEASE_MS, ownQueue, type QueueHolder, seenJobs } from '../../support/queue-holder.ts';

const keysOf = (queue: QueueHolder, ...claim: Parameters<QueueHolder['claim']>) =>
  queue.claim(...claim)?.jobs.map(({ key }) => key);
const isPid = (pid: number) => (owner: ProcessIdentity) => owner.pid === pid;
const neverDead = () => false;

test('jobs are claimed by priority, then by age', (t) => {
  const { one } = ownQueue(t);
  one.put('old');
  one.put('urgent', { priority: 5 });
  one.put('young');
  one.put('low', { priority: -1 });
  assert.deepEqual(keysOf(one, 3), ['urgent', 'old', 'young']);
  assert.deepEqual(keysOf(one, 3), ['low']);
});

test('a claim that finds nothing writes nothing and gives nothing', (t) => {
  const { one, another } = ownQueue(t);
  one.put('alone', { lane: 'alone' });
  one.put('other', { kind: 'upload' });
  one.put('later', { runAtMs: one.clock.nowMs() + 1 });
  const before = another('another', 2).state;
  const version = before.pragma('data_version', { simple: true });
  assert.equal(one.claim(), undefined);
  assert.equal(before.pragma('data_version', { simple: true }), version);
});

test('a delayed job is claimed once its time has come, also one of another kind and lane', (t) => {
  const { one } = ownQueue(t);
  const runAtMs = one.clock.nowMs() + 1_000;
  one.put('a', { runAtMs });
  one.put('b', { runAtMs, kind: 'upload', lane: 'alone' });
  one.clock.turn(999);
  assert.equal(one.claim(), undefined);
  one.clock.turn(1);
  assert.deepEqual(keysOf(one, 9, 'alone', 'upload'), ['b']);
  assert.deepEqual(keysOf(one), ['a']);
});

test('a job that was delayed before the clock was set back does not wait until it was', (t) => {
  const { one } = ownQueue(t);
  one.put('a');
  one.clock.turn(3_600_000);
  const lease = one.claim();
  const nowMs = one.clock.nowMs();
  one.settlements.delay(1, lease?.token ?? 0, {
    runAtMs: nowMs + 30_000,
    reason: 'full',
    charged: false,
    nowMs,
  });
  assert.equal(one.claim(), undefined);
  one.clock.turn(-3_600_000);
  assert.deepEqual(keysOf(one), ['a']);
});

test('a job that is to run in an hour does wait', (t) => {
  const { one } = ownQueue(t);
  one.put('a', { runAtMs: one.clock.nowMs() + 3_600_000 });
  assert.equal(one.claim(), undefined);
});

test('each claim is charged; the attempts that a job has had are told with it', (t) => {
  const { one } = ownQueue(t);
  one.put('a');
  for (const attempts of [1, 2, 3]) {
    const lease = one.claim();
    assert.equal(lease?.jobs[0]?.attempts, attempts);
    one.settlements.delay(1, lease.token, { runAtMs: 0, reason: 'again', charged: true, nowMs: 0 });
  }
});

test('what of a lease is not settled when it ends is ready again, at no charge, in its old place', (t) => {
  const { one } = ownQueue(t);
  for (const key of ['a', 'b', 'c']) one.put(key);
  const lease = one.claim(2);
  one.settlements.complete(1, lease?.token ?? 0);
  one.claims.end(lease?.token ?? 0, 0);
  one.claims.end(lease?.token ?? 0, 0);
  const again = one.claim();
  assert.deepEqual(
    again?.jobs.map(({ key, attempts }) => [key, attempts]),
    [
      ['b', 1],
      ['c', 1],
    ],
  );
});

test('a lease is taken back when it has expired, not before, and its jobs are suspect from then on', (t) => {
  const { one, another } = ownQueue(t);
  const two = another('two', 2);
  one.put('a');
  const lease = one.claim();
  one.clock.turn(LEASE_MS - 1);
  assert.deepEqual(two.claims.reclaim(one.clock.nowMs(), 5, neverDead), []);
  one.clock.turn(1);
  assert.deepEqual(two.claims.reclaim(one.clock.nowMs(), 5, neverDead), [
    { token: lease?.token, owner: 'one', pid: 1, why: 'expired', jobs: 1, failed: [] },
  ]);
  assert.equal(two.claim(), undefined);
  assert.deepEqual(
    two.claim(1, 'suspect')?.jobs.map(({ key, attempts }) => [key, attempts]),
    [['a', 1]],
  );
});

test('the lease of a dead process is taken back at once, and those of others are left alone', (t) => {
  const { one, another } = ownQueue(t);
  const two = another('two', 2);
  one.put('a');
  one.put('b');
  one.claim(1);
  two.claim(1);
  assert.deepEqual(
    one.claims.reclaim(one.clock.nowMs(), 5, isPid(2)).map(({ owner, why }) => [owner, why]),
    [['two', 'owner died']],
  );
  assert.deepEqual(
    seenJobs(one.state).map(({ state }) => state),
    ['leased', 'ready'],
  );
});

test('a lease that is renewed between the look and the lock is not taken back', (t) => {
  const { one, another } = ownQueue(t);
  const two = another('two', 2);
  one.put('a');
  const lease = one.claim();
  one.clock.turn(LEASE_MS);
  const renewMeanwhile = () => {
    one.claims.renew(lease?.token ?? 0, one.clock.nowMs() + LEASE_MS);
    return false;
  };
  assert.deepEqual(two.claims.reclaim(one.clock.nowMs(), 5, renewMeanwhile), []);
  assert.equal(seenJobs(one.state)[0]?.token, lease?.token);
});

test('a job under which its workers die ends as failed with that reason; the others of the batch go on', (t) => {
  const { one, another } = ownQueue(t);
  one.put('bad');
  one.put('good');
  const victim = another('victim', 2);
  const deaths = (['batch', 'suspect', 'suspect', 'suspect'] as const).map((lane) => {
    assert.equal(victim.claim(lane === 'batch' ? 2 : 1, lane)?.jobs[0]?.key, 'bad');
    return one.claims.reclaim(one.clock.nowMs(), 3, isPid(2))[0]?.failed;
  });
  assert.deepEqual(deaths, [[], [], [], [{ id: 1, key: 'bad', reason: 'its worker died, at attempt 3' }]]);
  const [bad, good] = seenJobs(one.state);
  assert.equal(bad?.state, 'failed');
  assert.equal(bad?.reason, 'its worker died, at attempt 3');
  assert.deepEqual([good?.state, good?.attempts], ['ready', 0], 'a death in company is not charged');
});

test('a death in company fails no job, however many attempts it has had', (t) => {
  const { one, another } = ownQueue(t);
  one.put('a');
  for (let n = 0; n < 3; n++) {
    one.settlements.delay(1, one.claim()?.token ?? 0, { runAtMs: 0, reason: 'bad', charged: true, nowMs: 0 });
  }
  another('victim', 2).claim();
  assert.deepEqual(one.claims.reclaim(one.clock.nowMs(), 1, isPid(2))[0]?.failed, []);
  const [job] = seenJobs(one.state);
  assert.deepEqual([job?.state, job?.lane, job?.attempts], ['ready', 'suspect', 3]);
});

test('a token is never given twice, also after every lease has ended', (t) => {
  const { one } = ownQueue(t);
  one.put('a');
  const tokens = [1, 2, 3].map(() => {
    const token = one.claim()?.token ?? 0;
    one.claims.end(token, 0);
    return token;
  });
  assert.equal(new Set(tokens).size, 3);
  assert.deepEqual(
    tokens,
    tokens.toSorted((a, b) => a - b),
  );
});

test('a lease that was taken back cannot be renewed', (t) => {
  const { one, another } = ownQueue(t);
  one.put('a');
  const lease = one.claim();
  another('two', 2).claims.reclaim(one.clock.nowMs(), 5, isPid(1));
  assert.throws(() => one.claims.renew(lease?.token ?? 0, one.clock.nowMs() + LEASE_MS), LeaseLostError);
});
