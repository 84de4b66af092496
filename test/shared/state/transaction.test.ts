import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openState, type State } from '../../../shared/state/open.ts';
import { lazyTransaction, writeTransaction } from '../../../shared/state/transaction.ts';
import { ownQueue } from '../../support/queue-holder.ts';
import { tempDir } from '../../support/temp.ts';

test('a transaction that throws leaves nothing of what it wrote', (t) => {
  const { one } = ownQueue(t);
  const boom = new Error('boom');
  assert.throws(
    () =>
      writeTransaction(one.state, () => {
        one.state.exec("INSERT INTO jobs (kind, key, enqueued_ms, updated_ms) VALUES ('k', x'61', 0, 0)");
        throw boom;
      }),
    (error) => error === boom,
  );
  assert.equal(one.state.prepare('SELECT count(*) FROM jobs').pluck().get(), 0);
  assert.equal(one.state.inTransaction, false);
});

test('a transaction holds the write lock from its beginning, before it has written', (t) => {
  const { one, another } = ownQueue(t);
  const two = another('two', 2);
  writeTransaction(one.state, () => {
    assert.throws(() => writeTransaction(two.state, () => assert.fail('it must not run')), {
      code: 'SQLITE_BUSY',
    });
  });
  assert.equal(
    writeTransaction(two.state, () => 'its turn'),
    'its turn',
  );
});

/** A state file on a connection that waits so long for others, and another connection that does not wait. */
function patient(t: TestContext, busyTimeoutMs: number): { path: string; state: State; other: State } {
  const path = join(tempDir(t), 'state.db');
  const state = openState(path, { busyTimeoutMs });
  const other = openState(path, { busyTimeoutMs: 0 });
  t.after(() => {
    state.close();
    other.close();
  });
  return { path, state, other };
}

const addRow = (state: State) =>
  state.exec("INSERT INTO jobs (kind, key, enqueued_ms, updated_ms) VALUES ('k', x'61', 0, 0)");
const rows = (state: State) => state.prepare('SELECT count(*) FROM jobs').pluck().get();
const busyTimeoutOf = (state: State) => state.pragma('busy_timeout', { simple: true });
const synchronousOf = (state: State) => state.pragma('synchronous', { simple: true });
const NORMAL = 1;
const FULL = 2;

test('a transaction waits for a writer that lets go in time, and sees what that one wrote', async (t) => {
  const { path, state } = patient(t, 60_000);
  const asks = new Int32Array(new SharedArrayBuffer(4));
  const writer = new Worker(new URL('./fixtures/writes-until-awaited.ts', import.meta.url), {
    workerData: { path, asks },
  });
  const ended = once(writer, 'exit');
  await once(writer, 'message');
  Atomics.store(asks, 0, 1);
  Atomics.notify(asks, 0);
  const seen = writeTransaction(state, () => rows(state));
  assert.equal(seen, 1);
  assert.deepEqual(await ended, [0]);
});

test('a transaction gives up when a writer has not let go within the busy timeout, and not before', (t) => {
  const { state, other } = patient(t, 20);
  other.exec('BEGIN IMMEDIATE');
  const startedMs = performance.now();
  assert.throws(() => writeTransaction(state, () => assert.fail('it must not run')), { code: 'SQLITE_BUSY' });
  assert.ok(performance.now() - startedMs >= 20);
  other.exec('COMMIT');
  assert.equal(
    writeTransaction(state, () => 'its turn'),
    'its turn',
  );
});

for (const transaction of [writeTransaction, lazyTransaction]) {
  const { name } = transaction;

  test(`${name} leaves the busy timeout and the durability of the connection as they were, however it ends`, (t) => {
    const { state, other } = patient(t, 7);
    const settings = () => [busyTimeoutOf(state), synchronousOf(state)];
    assert.deepEqual(settings(), [7, FULL]);
    transaction(state, () => assert.equal(busyTimeoutOf(state), 7, 'while the work runs'));
    assert.deepEqual(settings(), [7, FULL], 'after it was committed');
    const boom = new Error('boom');
    const throwBoom = () => {
      throw boom;
    };
    assert.throws(() => transaction(state, throwBoom), boom);
    assert.deepEqual(settings(), [7, FULL], 'after the work threw');
    other.exec('BEGIN IMMEDIATE');
    assert.throws(() => transaction(state, () => undefined), { code: 'SQLITE_BUSY' });
    assert.deepEqual(settings(), [7, FULL], 'after it could not begin');
  });

  test(`what ${name} wrote is seen by others when it returns, and not before, and nothing of it when it throws`, (t) => {
    const { state, other } = patient(t, 0);
    const addAndThrow = () => {
      addRow(state);
      throw new Error('boom');
    };
    assert.throws(() => transaction(state, addAndThrow), /boom/);
    assert.deepEqual([rows(state), rows(other), state.inTransaction], [0, 0, false]);
    transaction(state, () => {
      addRow(state);
      assert.equal(rows(other), 0);
    });
    assert.equal(rows(other), 1);
  });

  test(`${name} within another transaction is refused, and that one goes on`, (t) => {
    const { state, other } = patient(t, 0);
    writeTransaction(state, () => {
      addRow(state);
      assert.throws(() => transaction(state, () => assert.fail('it must not run')), {
        code: 'SQLITE_ERROR',
      });
      assert.ok(state.inTransaction);
      assert.equal(synchronousOf(state), FULL);
    });
    assert.equal(rows(other), 1);
  });
}

test('only a lazy transaction does not wait for the disk', (t) => {
  const { state } = patient(t, 0);
  const inside = [writeTransaction, lazyTransaction].map((run) => run(state, () => synchronousOf(state)));
  assert.deepEqual(inside, [FULL, NORMAL]);
});
