import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Fence } from '../../../../../apps/worker/fence.ts';
import type { Accepted } from '../../../../../apps/worker/handlers/ingest/custody.ts';
import { IngestStore } from '../../../../../apps/worker/handlers/ingest/store.ts';
import { LeaseLostError } from '../../../../../shared/errors.ts';
import { fromText } from '../../../../../shared/fs/byte-path.ts';
import type { Route } from '../../../../../shared/queue/routes.ts';
import { LEASE_MS, ownQueue, type QueueHolder, TurnedClock } from '../../../../support/queue-holder.ts';

/** As long as an answer of the state file is believed. */
const ANSWER_AGE_MS = 2;

const route: Route = {
  id: 1,
  name: 'orders',
  input: fromText('/in'),
  warehouse: fromText('/w'),
  manifests: fromText('/m'),
  duplicates: fromText('/w/_duplicates'),
  onDuplicate: 'move',
  dedupe: 'content',
  mode: 'stability',
  stabilityMs: 1000,
  takes: 'ingest',
  marked: true,
};

/** A fence, and what moves its clock alone: the lease's is another one. */
function fenceOf(t: TestContext): {
  one: QueueHolder;
  fence: Fence;
  clock: TurnedClock;
  take(...keys: string[]): Accepted[];
  takeAway(): void;
} {
  const { one, another } = ownQueue(t);
  const two = another('two', 2);
  const clock = new TurnedClock();
  return {
    one,
    clock,
    fence: new Fence(new IngestStore(one.state), clock),
    take(...keys) {
      for (const key of keys) one.put(key);
      const claimed = one.claim();
      assert.ok(claimed);
      const lease = one.keeper.keep(claimed, one.clock.monotonicMs());
      return claimed.jobs.map((job) => ({ job: { ...job, lease }, route }));
    },
    takeAway: () => void two.claims.reclaim(one.clock.nowMs(), 5, ({ pid }) => pid === 1),
  };
}

const [FIRST, SECOND] = [0, 1];

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  assert.ok(item !== undefined);
  return item;
}

test('a lease that was taken away is found lost as soon as the last answer is too old', (t) => {
  const { fence, clock, take, takeAway } = fenceOf(t);
  const files = take('a', 'b');
  for (const file of files) fence.assertHeld(file);
  takeAway();
  clock.turn(ANSWER_AGE_MS);
  fence.assertHeld(at(files, FIRST));
  clock.turn(0.001);
  for (const file of files) assert.throws(() => fence.assertHeld(file), LeaseLostError);
});

test('an answer gets no younger by being used', (t) => {
  const { fence, clock, take, takeAway } = fenceOf(t);
  const [file] = take('a');
  assert.ok(file);
  fence.assertHeld(file);
  takeAway();
  for (let n = 0; n < 4; n++) {
    clock.turn(ANSWER_AGE_MS / 4);
    fence.assertHeld(file);
  }
  clock.turn(ANSWER_AGE_MS / 4);
  assert.throws(() => fence.assertHeld(file), LeaseLostError);
});

test('a lease that was taken away before the first question is lost at once', (t) => {
  const { fence, take, takeAway } = fenceOf(t);
  const [file] = take('a');
  assert.ok(file);
  takeAway();
  assert.throws(() => fence.assertHeld(file), LeaseLostError);
});

test('the answer for one lease says nothing of another one, however fresh it is', (t) => {
  const { one, fence, take, takeAway } = fenceOf(t);
  const first = at(take('a'), FIRST);
  const second = at(take('b'), FIRST);
  fence.assertHeld(first);
  one.settlements.release(second.job.id, second.job.lease.token, 0);
  assert.throws(() => fence.assertHeld(second), LeaseLostError);
  fence.assertHeld(first);
  takeAway();
  assert.throws(() => fence.assertHeld(second), LeaseLostError);
  assert.throws(() => fence.assertHeld(first), LeaseLostError, 'asked again');
});

test('a job that is not of the lease any more is refused, and the others of it go on', (t) => {
  const { one, fence, clock, take } = fenceOf(t);
  const files = take('a', 'b');
  const { job } = at(files, SECOND);
  for (const file of files) fence.assertHeld(file);
  one.settlements.release(job.id, job.lease.token, 0);
  clock.turn(ANSWER_AGE_MS + 1);
  fence.assertHeld(at(files, FIRST));
  assert.throws(() => fence.assertHeld(at(files, SECOND)), LeaseLostError);
});

test('a lease that is not trusted any more is refused though the last answer is fresh, and the job is held', (t) => {
  const { one, fence, take } = fenceOf(t);
  const [file] = take('a');
  assert.ok(file);
  fence.assertHeld(file);
  one.clock.turn(LEASE_MS * 0.8);
  fence.assertHeld(file);
  one.clock.turn(1);
  assert.throws(() => fence.assertHeld(file), LeaseLostError);
  assert.ok(one.settlements.holds(file.job.id, file.job.lease.token));
});
