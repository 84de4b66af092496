import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropJobs } from '../../../../shared/queue/inspect/drop.ts';
import type { State } from '../../../../shared/state/open.ts';
import { retryFailedTasks, retryTasks } from '../../../../shared/tables/inspect/retry-tasks.ts';
import { stuckTasks } from '../../../../shared/tables/inspect/stuck-tasks.ts';
import { Publications } from '../../../../shared/tables/publications.ts';
import { FakeDatabase } from '../../../support/fake-target.ts';
import { Loads, loadSink } from '../../../support/loads.ts';

const jobIds = (state: State): number[] => state.prepare<[], number>('SELECT id FROM jobs').pluck().all();

test('a task whose job is dropped has failed with its files, those that come later are in another, and a retry loads it', async (t) => {
  const loads = new Loads(t, [loadSink({ taskWaitMs: 60_000 })]);
  const { state } = loads.fixture;
  loads.commit({ a: 'x\n1\n' });
  assert.equal(dropJobs(state, jobIds(state), 5), 1);
  assert.deepEqual(
    loads.tasks().map(({ status, gathering, failure_msg }) => [status, gathering, failure_msg]),
    [['FAILED', 0, 'dropped from the queue']],
  );
  assert.deepEqual([loads.files()[0]?.state, loads.files()[0]?.reason], ['failed', 'dropped from the queue']);
  loads.commit({ b: 'x\n2\n' });
  assert.deepEqual(
    loads.files().map(({ file, task_id, state: is }) => [file, task_id, is]),
    [
      ['a', 1, 'failed'],
      ['b', 2, 'waiting'],
    ],
  );
  assert.equal(retryFailedTasks(state, 6), 1);
  assert.deepEqual([loads.tasks()[0]?.status, loads.files()[0]?.state], ['NEW', 'waiting']);
  const database = new FakeDatabase();
  const hand = loads.hand(database.tools);
  hand.handler.drain?.();
  await hand.step();
  assert.deepEqual(database.rows.toSorted(), ['1', '2']);
  assert.deepEqual(loads.jobs(), []);
});

test('a task that has no job, and is not loaded, is stuck until a retry makes one', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const { state } = loads.fixture;
  loads.commit({ a: 'x\n1\n' });
  assert.deepEqual(stuckTasks(state), []);
  state.prepare('DELETE FROM jobs').run();
  assert.deepEqual(stuckTasks(state), [1]);
  assert.equal(retryTasks(state, stuckTasks(state), 6), 1);
  assert.deepEqual(stuckTasks(state), []);
  const database = new FakeDatabase();
  await loads.hand(database.tools).step();
  assert.deepEqual(database.rows, ['1']);
});

test('a task whose files are being published is not dropped: others wait for what becomes of them', (t) => {
  const loads = new Loads(t, [loadSink()]);
  const { state } = loads.fixture;
  loads.commit({ a: 'x\n1\n' });
  const plan = { target: '/lake', table: 'people', data: { from: 'a', to: 'b' } };
  new Publications(state).add(1, plan);
  assert.throws(() => dropJobs(state, jobIds(state), 5), { code: 'queue.placed-job' });
  assert.deepEqual([loads.tasks()[0]?.status, loads.jobs().length], ['NEW', 1]);
});
