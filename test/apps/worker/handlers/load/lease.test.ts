import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeDatabase } from '../../../../support/fake-target.ts';
import { Loads, loadSink } from '../../../../support/loads.ts';

const POINTS = ['load.claimed', 'load.audited', 'load.settled'] as const;

for (const point of POINTS) {
  test(`a worker that dies at ${point} loads each row once, and its successor tells the truth`, async (t) => {
    const loads = new Loads(t, [loadSink({ taskBytes: 10 })]);
    const database = new FakeDatabase();
    loads.commit({ a: 'x\n1\n', b: 'x\n2\n', c: 'x\n3\n' });
    const hand = loads.hand(database.tools);
    await hand.dieAt(point);
    hand.takeLeasesOfOthers();
    const heir = loads.hand(database.tools, 'worker-2');
    while ((await heir.step('suspect')) > 0);
    assert.deepEqual(database.rows.toSorted(), ['1', '2', '3']);
    assert.deepEqual(
      loads.tasks().map(({ status }) => status),
      loads.tasks().map(() => 'LOADED'),
    );
    assert.deepEqual(loads.totals(), { files: 3, rows: 3, rejects: 0 });
    assert.deepEqual(loads.jobs(), []);
  });
}

test('where the answer to the commit is lost, the next finds the record and counts the rows as this file’s', async (t) => {
  const loads = new Loads(t, [loadSink({ maxRejects: 9 })]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\nreject\n', b: 'x\n2\n' });
  database.afterCommit = () => {
    throw new Error('the connection broke');
  };
  const hand = loads.hand(database.tools);
  await hand.step();
  assert.equal(loads.tasks()[0]?.status, 'PROCESSING');
  hand.clock.forward(120_000);
  await hand.step();
  assert.deepEqual(
    loads.files().map(({ state, rows, rejects }) => [state, rows, rejects]),
    [
      ['loaded', 1, 1],
      ['loaded', 1, 0],
    ],
  );
  assert.deepEqual(database.rows, ['1', '2']);
  assert.deepEqual(loads.totals(), { files: 2, rows: 2, rejects: 1 });
});

test('a holder that was frozen before the commit commits nothing', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\n' });
  const hand = loads.hand(database.tools);
  hand.at('load.audited', () => hand.clock.forward(60_000));
  await hand.step();
  assert.deepEqual(database.rows, []);
  assert.equal(hand.said('lease.lost').length, 1);
});

test('a holder whose lease was taken after the commit settles nothing; the next one does', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\n' });
  const hand = loads.hand(database.tools);
  database.afterCommit = () => hand.takeLeasesOfOthers();
  await hand.step();
  assert.deepEqual(loads.files()[0]?.state, 'waiting');
  assert.equal(hand.said('lease.lost').length, 1);
  await loads.hand(database.tools, 'worker-2').step('suspect');
  assert.deepEqual([loads.files()[0]?.state, loads.files()[0]?.rows], ['loaded', 1]);
  assert.deepEqual(database.rows, ['1']);
});

test('an ordered stop gives back what is not loaded, at no charge', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 5 })]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\n', b: 'x\n2\n' });
  const hand = loads.hand(database.tools);
  hand.at('load.audited', () => hand.stop.abort());
  await hand.step();
  assert.deepEqual(database.rows, []);
  assert.deepEqual(
    loads.jobs().map(({ state, attempts }) => [state, attempts]),
    [
      ['ready', 0],
      ['ready', 0],
    ],
  );
  assert.deepEqual(
    loads.tasks().map(({ status }) => status),
    ['NEW', 'NEW'],
  );
  assert.equal(database.isOpen, false);
});

test('workers with claims of their own load every row once', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 5 })]);
  const database = new FakeDatabase();
  const names = Array.from({ length: 60 }, (_, index) => [`f${index}`, `x\n${index}\n`]);
  loads.commit(Object.fromEntries(names));
  const hands = ['worker-1', 'worker-2', 'worker-3'].map((name) => loads.hand(database.tools, name));
  for (let round = 0; loads.jobs().length > 0 && round < 50; round++) {
    await Promise.all(hands.map((hand) => hand.step()));
    for (const hand of hands) hand.clock.forward(3000);
  }
  assert.equal(new Set(database.rows).size, 60);
  assert.equal(database.rows.length, 60);
  assert.deepEqual(loads.totals(), { files: 60, rows: 60, rejects: 0 });
});

test('a task whose job failed by the death of its workers is said to have failed', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\n' });
  const { state } = loads.fixture;
  state.prepare("UPDATE jobs SET state = 'failed', reason = 'its worker died, at attempt 5'").run();
  loads.hand(database.tools).handler.tidy?.();
  const [task] = loads.tasks();
  assert.deepEqual(
    [task?.status, task?.failure_msg, task?.gathering],
    ['FAILED', 'its worker died, at attempt 5', 0],
  );
  assert.equal(loads.files()[0]?.state, 'failed');
});
