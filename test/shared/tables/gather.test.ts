import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { writeTransaction } from '../../../shared/state/transaction.ts';
import { Gatherer } from '../../../shared/tables/gather.ts';
import type { FoundFile } from '../../../shared/tables/scanner.ts';
import { Loads, loadSink } from '../../support/loads.ts';

const DAY = Date.UTC(2026, 2, 1, 12);

let made = 0;

/** So many, and others each time. */
const bytes = (count: number): string => {
  made += 1;
  return String.fromCharCode(32 + made).repeat(count);
};

test('files of one commit gather into one task, until the next would pass its size', (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 100, taskWaitMs: 60_000 })]);
  loads.commit({ a: bytes(40), b: bytes(50), c: bytes(20), d: bytes(30) }, { nowMs: DAY });
  assert.deepEqual(
    loads.files().map(({ file, task_id, state }) => [file, task_id, state]),
    [
      ['a', 1, 'waiting'],
      ['b', 1, 'waiting'],
      ['c', 2, 'waiting'],
      ['d', 2, 'waiting'],
    ],
  );
  assert.deepEqual(
    loads.tasks().map(({ gathering, size_in_bytes }) => [gathering, size_in_bytes]),
    [
      [0, 90],
      [1, 50],
    ],
  );
  assert.deepEqual(
    loads.jobs().map(({ key, state, run_at_ms }) => [key, state, run_at_ms]),
    [
      ['task 1', 'ready', 0],
      ['task 2', 'delayed', DAY + 60_000],
    ],
  );
});

test('a later commit adds to the task that gathers, which keeps the moment of its first file', (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 100, taskWaitMs: 60_000 })]);
  loads.commit({ a: bytes(40) }, { nowMs: DAY });
  loads.commit({ b: bytes(40) }, { nowMs: DAY + 5000 });
  assert.deepEqual(
    loads.jobs().map(({ state, run_at_ms }) => [state, run_at_ms]),
    [['delayed', DAY + 60_000]],
  );
  loads.commit({ c: bytes(40) }, { nowMs: DAY + 6000 });
  assert.deepEqual(
    loads.files().map(({ task_id }) => task_id),
    [1, 1, 2],
  );
  assert.equal(loads.jobs()[0]?.state, 'ready');
});

test('a file above the limit is a task alone, and the one that gathers goes on', (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 100, taskWaitMs: 60_000 })]);
  loads.commit({ a: bytes(10), huge: bytes(101), b: bytes(10) }, { nowMs: DAY });
  assert.deepEqual(
    loads.files().map(({ file, task_id }) => [file, task_id]),
    [
      ['a', 1],
      ['huge', 2],
      ['b', 1],
    ],
  );
  assert.deepEqual(
    loads.jobs().map(({ state }) => state),
    ['delayed', 'ready'],
  );
});

test('a full task is ready at once, and so is every task that is not to wait', (t) => {
  const full = new Loads(t, [loadSink({ taskBytes: 100, taskWaitMs: 60_000 })]);
  full.commit({ a: bytes(100) }, { nowMs: DAY });
  assert.deepEqual([full.tasks()[0]?.gathering, full.jobs()[0]?.state], [0, 'ready']);
  const hasty = new Loads(t, [loadSink({ taskBytes: 100, taskWaitMs: 0 })]);
  hasty.commit({ a: bytes(10) }, { nowMs: DAY });
  assert.deepEqual([hasty.tasks()[0]?.gathering, hasty.jobs()[0]?.state], [1, 'ready']);
});

test('each sink and each day has tasks of its own', (t) => {
  const loads = new Loads(t, [loadSink(), loadSink({ name: 'other', table: 'others' })]);
  loads.commit({ a: bytes(10) }, { nowMs: DAY });
  loads.commit({ b: bytes(11) }, { nowMs: DAY + 86_400_000 });
  assert.deepEqual(
    loads.files().map(({ file, task_id }) => [file, task_id]),
    [
      ['a', 1],
      ['a', 2],
      ['b', 3],
      ['b', 4],
    ],
  );
});

test('a large task goes to the lane where it delays nobody', (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 200 * 1024 * 1024 })]);
  const { state } = loads.fixture;
  const gatherer = new Gatherer(state);
  const found = (name: string, sizeBytes: number): FoundFile => ({
    path: fromText(`/store/${name}`),
    sizeBytes,
    mtimeNs: 5n,
    ingestDate: '2026-03-01',
    custody: undefined,
  });
  const sink = { id: 1, settings: loadSink({ taskBytes: 200 * 1024 * 1024 }) };
  const add = (file: FoundFile) => writeTransaction(state, () => gatherer.add([file], sink, DAY));
  add(found('a', 60 * 1024 * 1024));
  assert.equal(loads.jobs()[0]?.lane, 'batch');
  add(found('b', 60 * 1024 * 1024));
  assert.equal(loads.jobs()[0]?.lane, 'alone');
});

test('what is known already is not gathered again', (t) => {
  const loads = new Loads(t, [loadSink()]);
  const rows = loads.commit({ a: bytes(10), b: bytes(20) }, { nowMs: DAY });
  loads.handOn(rows, DAY);
  assert.equal(loads.files().length, 2);
  const { state } = loads.fixture;
  const gatherer = new Gatherer(state);
  const file: FoundFile = {
    path: fromText('/store/a.csv'),
    sizeBytes: 3,
    mtimeNs: 1_700_000_000_123_456_789n,
    ingestDate: '2026-03-01',
    custody: undefined,
  };
  const sink = { id: 1, settings: loadSink() };
  const add = (files: FoundFile[]) => writeTransaction(state, () => gatherer.add(files, sink, DAY));
  assert.equal(add([file]), 1);
  assert.equal(add([file, { ...file, mtimeNs: file.mtimeNs + 1n }]), 1, 'another time is another file');
});

test('with nothing more to come all gathering ends, however often that is said', (t) => {
  const loads = new Loads(t, [loadSink({ taskWaitMs: 60_000 })]);
  loads.commit({ a: bytes(10) }, { nowMs: DAY });
  const gatherer = new Gatherer(loads.fixture.state);
  assert.equal(gatherer.closeAll(DAY), 1);
  assert.deepEqual([loads.tasks()[0]?.gathering, loads.jobs()[0]?.state], [0, 'ready']);
  assert.equal(gatherer.closeAll(DAY), 0);
});

test('a commit of a thousand files takes few statements', (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 10 * 1024 * 1024 })]);
  const names = Array.from({ length: 1000 }, (_, index) => [`f${index}`, `a\n${index}\n`]);
  loads.commit(Object.fromEntries(names), { nowMs: DAY });
  assert.equal(loads.files().length, 1000);
  assert.equal(loads.tasks().length, 1);
});
