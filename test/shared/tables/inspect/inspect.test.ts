import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toText } from '../../../../shared/fs/byte-path.ts';
import { findTask, listTasks } from '../../../../shared/tables/inspect/list-tasks.ts';
import { readLoadStats } from '../../../../shared/tables/inspect/load-stats.ts';
import {
  allFiles,
  filesOfTask,
  loadsOfLedgerRow,
  loadsOfPath,
} from '../../../../shared/tables/inspect/loaded-files.ts';
import { retryFailedTasks, retryTasks } from '../../../../shared/tables/inspect/retry-tasks.ts';
import { FakeDatabase } from '../../../support/fake-target.ts';
import { Loads, loadSink } from '../../../support/loads.ts';

const CODE = (code: string) => ({ code });

test('tasks are listed with what they loaded, and with their job where there is one', async (t) => {
  const loads = new Loads(t, [loadSink({ maxRejects: 3 })]);
  const { state } = loads.fixture;
  const [first] = loads.commit({ a: 'x\n1\n2\nreject\n', b: 'x\nBAD\n' });
  await loads.hand(new FakeDatabase().tools).step();
  const tasks = [...listTasks(state)];
  assert.deepEqual(
    tasks.map(({ id, status, files, rows, rejects, table, sink, route }) => ({
      id,
      status,
      files,
      rows,
      rejects,
      table,
      sink,
      route,
    })),
    [
      {
        id: 1,
        status: 'LOADED',
        files: 1,
        rows: 2,
        rejects: 1,
        table: 'people',
        sink: 'table',
        route: 'orders',
      },
      {
        id: 2,
        status: 'FAILED',
        files: 1,
        rows: 0,
        rejects: 0,
        table: 'people',
        sink: 'table',
        route: 'orders',
      },
    ],
  );
  assert.deepEqual([tasks[0]?.job, tasks[1]?.job?.state], [undefined, 'failed']);
  assert.deepEqual(
    [...listTasks(state, { status: 'FAILED' })].map(({ id }) => id),
    [2],
  );
  assert.match(findTask(state, 2)?.failureMsg ?? '', /it is load\.bad/);
  assert.equal(findTask(state, 3), undefined);
  assert.deepEqual(
    [...filesOfTask(state, 1)].map(({ state: is, rows, scannerStatus }) => [is, rows, scannerStatus]),
    [['loaded', 2, 'SENT_FOR_ETL']],
  );
  assert.ok(first !== undefined);
  assert.equal(loadsOfPath(state, first.destination)[0]?.taskId, 1);
  assert.equal(toText(loadsOfLedgerRow(state, first.id)[0]?.path ?? first.source), toText(first.destination));
  assert.equal([...allFiles(state)].length, 2);
});

test('the view that the requirement names has the files of each task', (t) => {
  const loads = new Loads(t, [loadSink()]);
  loads.commit({ a: 'x\n1\n', b: 'x\n2\n' });
  const row = loads.fixture.state
    .prepare<[], { files: string; status: string }>('SELECT files, status FROM etl_tasks')
    .get();
  assert.equal(row?.files.split(',').length, 2);
  assert.equal(row?.status, 'NEW');
});

test('the sums tell what waits, since when, what failed and what was loaded', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const { state } = loads.fixture;
  const nowMs = Date.now();
  loads.commit({ a: 'x\n1\n', b: 'x\nBAD\n' }, { nowMs });
  const before = readLoadStats(state, nowMs + 5000);
  assert.deepEqual([before.tasks.NEW, before.waitingFiles, before.oldestUnloadedSeconds], [1, 2, 5]);
  await loads.hand(new FakeDatabase().tools).step();
  const after = readLoadStats(state, nowMs + 5000);
  assert.deepEqual(after, {
    tasks: { NEW: 0, PROCESSING: 0, LOADED: 1, FAILED: 1 },
    waitingFiles: 0,
    failedFiles: 1,
    loadedFiles: 1,
    loadedRows: 1,
    rejectedRows: 0,
    oldestUnloadedSeconds: undefined,
  });
});

test('a failed task is made ready again, also where its job was dropped; others are refused', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const { state } = loads.fixture;
  loads.commit({ a: 'x\n1\n', b: 'x\nBAD\n' });
  await loads.hand(new FakeDatabase().tools).step();
  assert.throws(() => retryTasks(state, [1], 0), CODE('load.loaded-task'));
  assert.throws(() => retryTasks(state, [2, 77], 0), CODE('load.unknown-task'));
  assert.equal(loads.jobs()[0]?.state, 'failed', 'nothing was changed');
  assert.equal(retryFailedTasks(state, 5), 1);
  assert.deepEqual([loads.jobs()[0]?.state, loads.jobs()[0]?.attempts], ['ready', 0]);
  state.prepare('DELETE FROM jobs').run();
  assert.equal(retryTasks(state, [2], 6), 1);
  assert.deepEqual([loads.jobs()[0]?.state, loads.jobs()[0]?.key], ['ready', 'task 2']);
});
