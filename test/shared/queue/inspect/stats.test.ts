import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Totals } from '../../../../shared/ledger/totals.ts';
import { thisProcess } from '../../../../shared/linux/process-identity.ts';
import { Claims } from '../../../../shared/queue/claim.ts';
import { readStats, statsJson } from '../../../../shared/queue/inspect/stats.ts';
import { openState } from '../../../../shared/state/open.ts';
import { addCandidate, addJob, makeState, T0 } from '../../../support/state.ts';

test('an empty state file has nothing to do and nobody who does it', (context) => {
  const { state } = makeState(context);
  const stats = readStats(state, T0);
  assert.deepEqual(stats, {
    depth: 0,
    ready: 0,
    delayed: 0,
    leased: 0,
    failed: 0,
    candidates: 0,
    overdue: 0,
    committed: 0,
    committedBytes: 0,
    duplicates: 0,
    uploaded: 0,
    uploadedBytes: 0,
    oldestReadySeconds: undefined,
    filesPerSecond: 0,
    bytesPerSecond: 0,
    leases: [],
    kinds: {},
    loads: undefined,
    archives: undefined,
  });
  assert.equal(statsJson(stats).oldest_ready_seconds, null);
});

test('what was uploaded is counted beside what was committed', (context) => {
  const { state } = makeState(context);
  new Totals(state).addUploads({ files: 2, bytes: 70 });
  new Totals(state).addUploads({ files: 1, bytes: 7 });
  const stats = readStats(state, T0);
  assert.deepEqual([stats.uploaded, stats.uploadedBytes, stats.committed], [3, 77, 0]);
  const { uploaded, uploaded_bytes } = statsJson(stats);
  assert.deepEqual([uploaded, uploaded_bytes], [3, 77]);
});

test('jobs are counted by kind and by state, and failed ones are not in the depth', (context) => {
  const fixture = makeState(context);
  addJob(fixture, 'a', { enqueuedMs: T0 - 7000 });
  addJob(fixture, 'b', { enqueuedMs: T0 - 3000 });
  addJob(fixture, 'c', { state: 'delayed', runAtMs: T0 + 1 });
  addJob(fixture, 'd', { state: 'failed' });
  const one = readStats(fixture.state, T0);
  assert.deepEqual(one.kinds, { ingest: { ready: 2, delayed: 1, leased: 0, failed: 1 } });
  assert.equal(one.depth, 3);
  assert.equal(one.oldestReadySeconds, 7);

  addJob(fixture, 'a', { kind: 'upload', enqueuedMs: T0 - 60_000 });
  addJob(fixture, 'e', { kind: 'upload', state: 'failed' });
  addJob(fixture, 'f', { kind: 'upload', state: 'delayed' });
  const two = readStats(fixture.state, T0);
  assert.deepEqual(two.kinds, {
    ingest: { ready: 2, delayed: 1, leased: 0, failed: 1 },
    upload: { ready: 1, delayed: 1, leased: 0, failed: 1 },
  });
  assert.deepEqual([two.ready, two.delayed, two.leased, two.failed, two.depth], [3, 2, 0, 2, 5]);
  assert.equal(two.oldestReadySeconds, 7, 'the lowest number was enqueued first');
});

test('a lease shows its owner, its jobs, the time it has left, and whether its owner lives', (context) => {
  const fixture = makeState(context);
  for (const name of ['a', 'b', 'c']) addJob(fixture, name);
  const here = thisProcess();
  const lease = (owner: string, limit: number, identity: typeof here) =>
    new Claims(fixture.state, { ...identity, owner }).claim({
      kind: 'ingest',
      lane: 'batch',
      limit,
      leaseMs: 30_000,
      nowMs: T0,
    });
  lease('worker-1', 2, here);
  lease('worker-2', 1, { ...here, pidStart: '1' });
  const { leases, leased, kinds } = readStats(fixture.state, T0 + 10_000, here);
  const { pid, host } = here;
  assert.deepEqual(leases, [
    { owner: 'worker-1', pid, host, jobs: 2, secondsLeft: 20, alive: true },
    { owner: 'worker-2', pid, host, jobs: 1, secondsLeft: 20, alive: false },
  ]);
  assert.equal(leased, 3);
  assert.equal(kinds.ingest?.leased, 3);
});

test('rates are over the last sixty whole seconds', (context) => {
  const { state } = makeState(context);
  const totals = new Totals(state);
  const at = (secondsAgo: number, files: number) =>
    totals.add({ files, bytes: files * 1000, duplicates: 1 }, T0 - secondsAgo * 1000 + 500);
  at(61, 1_000_000);
  at(60, 60);
  at(1, 120);
  at(0, 1_000_000);
  const stats = readStats(state, T0 + 999);
  assert.equal(stats.filesPerSecond, 3);
  assert.equal(stats.bytesPerSecond, 3000);
  assert.equal(stats.committed, 2_000_180);
  assert.equal(stats.duplicates, 4);
});

test('candidates are counted, and of them those that are overdue', (context) => {
  const fixture = makeState(context);
  addCandidate(fixture, 'a');
  addCandidate(fixture, 'b', { overdue: true });
  addCandidate(fixture, 'c', { dueMs: null });
  const { candidates, overdue } = readStats(fixture.state, T0);
  assert.deepEqual([candidates, overdue], [3, 1]);
});

test('it answers through a read-only connection while a writer holds the write lock', (context) => {
  const fixture = makeState(context);
  addJob(fixture, 'a');
  const reader = openState(fixture.statePath, { readonly: true, busyTimeoutMs: 1 });
  context.after(() => reader.close());
  fixture.state.exec('BEGIN IMMEDIATE');
  assert.equal(readStats(reader, T0).ready, 1);
  fixture.state.exec('COMMIT');
});
