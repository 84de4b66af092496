import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseLostError } from '../../../shared/errors.ts';
import type { BytePath } from '../../../shared/fs/byte-path.ts';
import { type LeasedJob, LeaseStore, leaseTasks } from '../../../shared/queue/lease-store.ts';
import { LEASE_MS, ownQueue, seenJobs } from '../../support/queue-holder.ts';
import { answer, jsonStore } from '../../support/queue-store.ts';

/** The form in which a worker uses it. */
const JOBS = { kind: 'ingest', lane: 'batch', leaseMs: LEASE_MS, tasks: leaseTasks } as const;

const lockOf = async (store: Pick<LeaseStore<unknown>, 'takeFirstN'>, limit = 9) =>
  (await answer<string>((cb) => store.takeFirstN(limit, cb))) ?? '';

test('a put that cannot be written is not acknowledged', async (t) => {
  const { one, another } = ownQueue(t);
  another('two', 2).state.exec('BEGIN IMMEDIATE');
  await assert.rejects(
    answer<void>((cb) => jsonStore(one).putTask('a', 1, 0, cb)),
    { code: 'SQLITE_BUSY' },
  );
});

test('connecting counts what waits, or says that it is unknown', async (t) => {
  const { one } = ownQueue(t);
  const store = jsonStore(one);
  await answer<void>((cb) => store.putTask('a', 1, 0, cb));
  assert.equal(await answer<number>((cb) => store.connect(cb)), 1);
  const asking = jsonStore(one, { length: 'unknown' });
  assert.equal(await answer<number>((cb) => asking.connect(cb)), Number.MAX_SAFE_INTEGER);
});

test('releasing a lock deletes the jobs that still carry its token, and no others', async (t) => {
  const { one } = ownQueue(t);
  const store = jsonStore(one);
  for (const id of ['a', 'b', 'c']) await answer<void>((cb) => store.putTask(id, id, 0, cb));
  const lock = await lockOf(store);
  one.settlements.fail(2, Number(lock), 'it is bad', 0);
  one.settlements.release(3, Number(lock), 0);
  await answer<void>((cb) => store.releaseLock(lock, cb));
  assert.deepEqual(
    seenJobs(one.state).map(({ key, state }) => [key, state]),
    [
      ['b', 'failed'],
      ['c', 'ready'],
    ],
  );
});

test('releasing a lock whose lease was ended, or taken away, deletes nothing', async (t) => {
  const { one, another } = ownQueue(t);
  const two = another('two', 2);
  const store = jsonStore(one);
  await answer<void>((cb) => store.putTask('a', 'a', 0, cb));
  const ended = await lockOf(store);
  one.keeper.end(Number(ended));
  await answer<void>((cb) => store.releaseLock(ended, cb));
  const takenAway = await lockOf(store);
  two.claims.reclaim(one.clock.nowMs() + LEASE_MS, 5, () => false);
  await answer<void>((cb) => store.releaseLock(takenAway, cb));
  assert.deepEqual(
    seenJobs(one.state).map(({ key, state }) => [key, state]),
    [['a', 'ready']],
  );
});

test('releasing a lock whose lease could not be ended deletes nothing: nobody knows what was done', async (t) => {
  const { one, another } = ownQueue(t);
  const two = another('two', 2);
  const store = jsonStore(one);
  await answer<void>((cb) => store.putTask('a', 'a', 0, cb));
  const lock = await lockOf(store);
  two.state.exec('BEGIN IMMEDIATE');
  assert.throws(() => one.keeper.end(Number(lock)), { code: 'SQLITE_BUSY' });
  two.state.exec('COMMIT');
  await answer<void>((cb) => store.releaseLock(lock, cb));
  assert.equal(seenJobs(one.state)[0]?.token, Number(lock));
});

test('each lock is released by itself, and twice as well as once', async (t) => {
  const { one } = ownQueue(t);
  const store = jsonStore(one);
  for (const id of ['a', 'b']) await answer<void>((cb) => store.putTask(id, id, 0, cb));
  const [first, second] = [await lockOf(store, 1), await lockOf(store, 1)];
  await answer<void>((cb) => store.releaseLock(second, cb));
  await answer<void>((cb) => store.releaseLock(second, cb));
  assert.deepEqual(await answer((cb) => store.getRunningTasks(cb)), { [first]: { a: 'a' } });
  assert.equal(seenJobs(one.state).length, 1);
});

test('what is taken is under a lease that is trusted no longer than it may be, and that is renewed', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { one } = ownQueue(t);
  one.put('a');
  const store = new LeaseStore({ ...one, ...JOBS });
  const lock = await lockOf(store);
  const tasks = await answer<Record<string, readonly LeasedJob[]>>((cb) => store.getLock(lock, cb));
  const lease = Object.values(tasks ?? {})[0]?.[0]?.lease;
  one.clock.turn(LEASE_MS * 0.8);
  lease?.assertTrusted();
  one.clock.turn(1);
  assert.throws(() => lease?.assertTrusted(), LeaseLostError);
  t.mock.timers.tick(LEASE_MS / 3);
  lease?.assertTrusted();
});

test('a store that is closed gives back what it has in hand', async (t) => {
  const { one } = ownQueue(t);
  const store = jsonStore(one);
  await answer<void>((cb) => store.putTask('a', 'a', 0, cb));
  await lockOf(store);
  await answer<void>((cb) => store.close(cb));
  assert.deepEqual(
    seenJobs(one.state).map(({ state, attempts }) => [state, attempts]),
    [['ready', 0]],
  );
});

test('a task whose worker died, and that is put again, is taken by the store it is put into', async (t) => {
  const { one } = ownQueue(t);
  const store = jsonStore(one);
  await answer<void>((cb) => store.putTask('a', 'old', 0, cb));
  await lockOf(store);
  one.claims.reclaim(one.clock.nowMs(), 5, () => true);
  await answer<void>((cb) => store.putTask('a', 'new', 0, cb));
  const lock = await lockOf(store);
  assert.deepEqual(await answer((cb) => store.getLock(lock, cb)), { a: 'new' });
});

test('a take that fails is told to the owner of the store as well, since better-queue drops it', async (t) => {
  const { one, another } = ownQueue(t);
  const told: unknown[] = [];
  const store = jsonStore(one, { onTakeFailed: (error) => told.push(error) });
  await answer<void>((cb) => store.putTask('a', 'a', 0, cb));
  another('two', 2).state.exec('BEGIN IMMEDIATE');
  await assert.rejects(lockOf(store), { code: 'SQLITE_BUSY' });
  assert.equal(told.length, 1);
});

test('a store that may not take now takes nothing, and takes it once it may', async (t) => {
  const { one } = ownQueue(t);
  let may = false;
  const store = jsonStore(one, { mayTake: () => may });
  await answer<void>((cb) => store.putTask('a', 'a', 0, cb));
  const none = await lockOf(store);
  assert.deepEqual(await answer((cb) => store.getLock(none, cb)), {});
  assert.equal(seenJobs(one.state)[0]?.state, 'ready');
  may = true;
  const lock = await lockOf(store);
  assert.deepEqual(await answer((cb) => store.getLock(lock, cb)), { a: 'a' });
});

test('a worker is handed the jobs themselves, in their order, each with its lease; keys that read alike are two', async (t) => {
  const { one } = ownQueue(t);
  const keys = ['10', '9', '\xff', '\xfe', '__proto__'] as BytePath[];
  for (const key of keys) one.put('', { key });
  const store = new LeaseStore({ ...one, ...JOBS });
  const lock = await answer<string>((cb) => store.takeFirstN(9, cb));
  const tasks = await answer<Record<string, readonly LeasedJob[]>>((cb) => store.getLock(lock ?? '', cb));
  const jobs = Object.values(tasks ?? {}).flat();
  assert.deepEqual(
    jobs.map(({ key }) => key),
    keys,
  );
  for (const { lease } of jobs) assert.equal(String(lease.token), lock);
});

test('a store of jobs takes no tasks from better-queue', async (t) => {
  const { one } = ownQueue(t);
  const store = new LeaseStore({ ...one, ...JOBS });
  await assert.rejects(
    answer<void>((cb) => store.putTask('a', undefined as never, 0, cb)),
    TypeError,
  );
});

/** The keys of a lock's jobs, task by task, as better-queue gets them. */
async function keysOf(store: Pick<LeaseStore<readonly LeasedJob[]>, 'getLock'>, lock: string) {
  const tasks = await answer<Record<string, readonly LeasedJob[]>>((cb) => store.getLock(lock, cb));
  return Object.values(tasks ?? {}).map((jobs) => jobs.map(({ key }) => key));
}

test('better-queue, which asks for one task, gets one that holds as many jobs as a lock may, the most urgent first', async (t) => {
  const { one } = ownQueue(t);
  for (const key of ['a', 'b', 'c', 'd']) one.put(key);
  one.put('urgent', { priority: 1 });
  const store = new LeaseStore({ ...one, ...JOBS, jobsPerLock: 3 });
  const [first, second, none] = [await lockOf(store, 1), await lockOf(store, 1), await lockOf(store, 1)];
  assert.deepEqual(await keysOf(store, first), [['urgent', 'a', 'b']]);
  assert.deepEqual(await keysOf(store, second), [['c', 'd']]);
  assert.deepEqual(await keysOf(store, none), []);
  const running = await answer<Record<string, object>>((cb) => store.getRunningTasks(cb));
  assert.deepEqual(Object.keys(running ?? {}), [first, second]);
});

test('a lock of many jobs is released as a whole, and closing gives back those of the others', async (t) => {
  const { one } = ownQueue(t);
  for (const key of ['a', 'b', 'c', 'd']) one.put(key);
  const store = new LeaseStore({ ...one, ...JOBS, jobsPerLock: 2 });
  const [first, second] = [await lockOf(store, 1), await lockOf(store, 1)];
  one.settlements.fail(2, Number(first), 'it is bad', 0);
  await answer<void>((cb) => store.releaseLock(first, cb));
  assert.deepEqual([await keysOf(store, first), await keysOf(store, second)], [[], [['c', 'd']]]);
  await answer<void>((cb) => store.close(cb));
  assert.deepEqual(
    seenJobs(one.state).map(({ key, state }) => [key, state]),
    [
      ['b', 'failed'],
      ['c', 'ready'],
      ['d', 'ready'],
    ],
  );
});

test('releasing a lock whose lease was ended with its last job asks nothing of the state file', async (t) => {
  const { one, another } = ownQueue(t);
  for (const key of ['a', 'b']) one.put(key);
  const store = new LeaseStore({ ...one, ...JOBS, jobsPerLock: 2 });
  const lock = await lockOf(store, 1);
  const tasks = await answer<Record<string, readonly LeasedJob[]>>((cb) => store.getLock(lock, cb));
  one.settlements.completeAll([1, 2], Number(lock));
  assert.ok(one.settlements.endLease(Number(lock)));
  Object.values(tasks ?? {})[0]?.[0]?.lease.wasEnded();
  another('two', 2).state.exec('BEGIN IMMEDIATE');
  await answer<void>((cb) => store.releaseLock(lock, cb));
  assert.deepEqual(await keysOf(store, lock), []);
});
