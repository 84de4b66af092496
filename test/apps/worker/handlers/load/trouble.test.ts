import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeDatabase, trouble } from '../../../../support/fake-target.ts';
import { Loads, loadSink } from '../../../../support/loads.ts';

test('a target that a stranger has is waited for at no charge', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  database.isOpen = true;
  loads.commit({ a: 'x\n1\n' });
  const hand = loads.hand(database.tools);
  const before = hand.clock.nowMs();
  await hand.step();
  const [job] = loads.jobs();
  assert.deepEqual([job?.state, job?.attempts, loads.tasks()[0]?.status], ['delayed', 0, 'NEW']);
  assert.ok((job?.run_at_ms ?? 0) <= before + 2500, 'a worker that drains waits for it');
  database.isOpen = false;
  hand.clock.forward(3000);
  await hand.step();
  assert.equal(loads.tasks()[0]?.status, 'LOADED');
});

test('a target that a stranger does not give back is asked for seldom, so that a run that ends does not wait for it', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  database.isOpen = true;
  loads.commit({ a: 'x\n1\n' });
  const hand = loads.hand(database.tools);
  await hand.step();
  hand.clock.forward(61_000);
  const before = hand.clock.nowMs();
  await hand.step();
  const [job] = loads.jobs();
  assert.deepEqual([job?.state, job?.attempts], ['delayed', 0]);
  assert.ok((job?.run_at_ms ?? 0) >= before + 30_000);
  database.isOpen = false;
  hand.clock.forward(31_000);
  await hand.step();
  assert.equal(loads.tasks()[0]?.status, 'LOADED');
});

test('a worker that finds another of ours at the target leaves it the tasks, and takes none for a moment', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 5 })]);
  const database = new FakeDatabase();
  const first = loads.hand(database.tools);
  const second = loads.hand(database.tools, 'worker-2');
  loads.commit({ a: 'x\n1\n' });
  const held = first.claim();
  loads.commit({ b: 'x\n2\n' });
  database.isOpen = true;
  assert.equal(await second.step(), 1);
  assert.equal(loads.jobs()[1]?.state, 'ready');
  assert.deepEqual(second.claim(), []);
  database.isOpen = false;
  await first.handle(held);
  assert.equal(await first.step(), 1, 'the first finds it at once');
  second.clock.forward(2500);
  loads.commit({ c: 'x\n3\n' });
  assert.equal(await second.step(), 1);
  assert.deepEqual(database.rows, ['1', '2', '3']);
});

test('a target that is away is tried again later, more and more seldom, and then given up', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  database.openTrouble = 'away';
  loads.commit({ a: 'x\n1\n' });
  const hand = loads.hand(database.tools);
  const delays: number[] = [];
  for (let attempt = 0; attempt < 2; attempt++) {
    const nowMs = hand.clock.nowMs();
    await hand.step();
    const [job] = loads.jobs();
    assert.equal(job?.state, 'delayed');
    delays.push(Math.round(((job?.run_at_ms ?? 0) - nowMs) / 1000));
    hand.clock.forward(10_000);
  }
  assert.deepEqual(delays, [1, 2]);
  await hand.step();
  assert.deepEqual(
    [loads.tasks()[0]?.status, loads.files()[0]?.state, loads.jobs()[0]?.state],
    ['FAILED', 'failed', 'failed'],
  );
  assert.match(loads.tasks()[0]?.failure_msg ?? '', /the target is away; wait\n/);
});

test('what one claim learned of a target that is away, the next does not find out again', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 5 })]);
  const database = new FakeDatabase();
  let asked = 0;
  const tools = {
    ...database.tools,
    openTarget: async () => {
      asked += 1;
      throw trouble('away');
    },
  };
  loads.commit({ a: 'x\n1\n', b: 'x\n2\n' });
  const hand = loads.hand(tools);
  assert.equal(await hand.step(), 2);
  loads.commit({ c: 'x\n3\n' });
  assert.equal(await hand.step(), 1);
  assert.equal(asked, 1);
  assert.deepEqual(
    loads.jobs().map(({ state, attempts }) => [state, attempts]),
    [
      ['delayed', 1],
      ['delayed', 1],
      ['delayed', 0],
    ],
  );
});

test('a target that gives up in the middle leaves what was settled, and the rest for later', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 10 * 1024 * 1024 })]);
  const database = new FakeDatabase();
  const names = Array.from({ length: 1001 }, (_, index) => [`f${index}`, `x\n${index}\n`]);
  loads.commit(Object.fromEntries(names));
  database.afterCommit = () => {
    database.loadTrouble = 'away';
  };
  const hand = loads.hand(database.tools);
  await hand.step();
  assert.deepEqual(loads.totals(), { files: 1000, rows: 1000, rejects: 0 });
  assert.deepEqual([loads.tasks()[0]?.status, loads.jobs()[0]?.attempts], ['NEW', 1]);
  database.loadTrouble = undefined;
  hand.clock.forward(5000);
  await hand.step();
  assert.deepEqual(loads.totals(), { files: 1001, rows: 1001, rejects: 0 });
  assert.equal(database.rows.length, 1001);
});

test('what a target refuses fails at once with its reason, all tasks of its table alike', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 5 })]);
  const database = new FakeDatabase();
  database.loadTrouble = 'refused';
  loads.commit({ a: 'x\n1\n', b: 'x\n2\n' });
  const hand = loads.hand(database.tools);
  await hand.step();
  assert.deepEqual(
    loads.tasks().map(({ status }) => status),
    ['FAILED', 'FAILED'],
  );
  assert.deepEqual(
    loads.jobs().map(({ state, reason }) => [state, reason]),
    [
      ['failed', 'the target is refused; wait'],
      ['failed', 'the target is refused; wait'],
    ],
  );
  assert.equal(hand.said('load.failed').length, 2);
});
