import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { toBytes } from '../../../../shared/fs/byte-path.ts';
import { Harness } from '../harness.ts';

const OVERDUE_MS = 3_600_000;
const overdueOf = (h: Harness) =>
  h.log
    .filter(({ event }) => event === 'file.overdue')
    .map(({ source, waits_for }) => ({ source, waits_for }));

test('a file that is not complete for too long is reported once, with what it waits for, and counted', async (t) => {
  const h = new Harness(t, { mode: 'sidecar', overdueMs: OVERDUE_MS });
  h.write('a.csv');
  await h.started();
  assert.equal(h.candidates.countOverdue(), 0);
  h.clock.pass(OVERDUE_MS + 5000);
  await h.until('the report', () => h.candidates.countOverdue() === 1);
  assert.deepEqual(overdueOf(h), [{ source: h.path('a.csv'), waits_for: 'sidecar' }]);
  const seconds = Number(h.log.find(({ event }) => event === 'file.overdue')?.seen_seconds);
  assert.ok(seconds >= 3605 && seconds < 3615, `${seconds}`);
  await h.once();
  assert.equal(overdueOf(h).length, 1);
  h.write('a.csv.ok');
  await h.untilJobs('a.csv');
  assert.equal(h.candidates.countOverdue(), 0);
});

test('one pass reports it as well', async (t) => {
  const h = new Harness(t, { mode: 'sidecar', overdueMs: OVERDUE_MS });
  h.write('a.csv');
  await h.once();
  h.clock.pass(OVERDUE_MS + 1000);
  await h.once();
  await h.once();
  assert.equal(overdueOf(h).length, 1);
});

test('what has gone or become complete meanwhile is not reported', async (t) => {
  const h = new Harness(t, { mode: 'sidecar', overdueMs: OVERDUE_MS, scanMs: 86_400_000, watch: 'poll' });
  for (const name of ['gone.csv', 'complete.csv', 'waiting.csv']) h.write(name);
  await h.started();
  rmSync(toBytes(h.path('gone.csv')));
  h.write('complete.csv.ok');
  h.clock.pass(OVERDUE_MS + 1000);
  await h.until('the report', () => h.candidates.countOverdue() === 1);
  assert.deepEqual(
    overdueOf(h).map(({ source }) => source),
    [h.path('waiting.csv')],
  );
  assert.deepEqual(h.names(), ['complete.csv']);
  assert.equal(h.candidates.count(), 1);
});

test('a candidate that a worker has put back is looked at when it is due, without an event', async (t) => {
  const h = new Harness(t, { stabilityMs: 0, scanMs: 86_400_000 });
  await h.started();
  h.write('a.csv');
  await h.untilJobs('a.csv');
  h.finish('a.csv');
  const nowMs = h.clock.nowMs();
  h.candidates.upsert({
    path: h.path('a.csv'),
    routeId: h.fixture.routeId,
    fingerprint: 'as the worker saw it',
    waitsFor: 'writer',
    nowMs,
    dueMs: nowMs + 100,
  });
  await h.untilJobs('a.csv');
  assert.equal(h.candidates.count(), 0);
});

test('more candidates than a page holds are all looked at when they are due', async (t) => {
  const h = new Harness(t, { stabilityMs: 500, scanMs: 86_400_000 });
  for (let i = 0; i < 2500; i++) h.write(`${i}.csv`, '');
  await h.started();
  await h.until('all', () => h.enqueued === 2500);
  assert.equal(h.candidates.count(), 0);
});

test('candidates of other routes in the same state file are none of its business', async (t) => {
  const h = new Harness(t, { stabilityMs: 0 });
  const { state, routeId } = h.fixture;
  state.exec(`INSERT INTO routes (id, name, input, warehouse, manifests, duplicates, on_duplicate, dedupe, mode, stability_ms)
    SELECT ${routeId + 1}, 'other', x'2f78', warehouse, manifests, duplicates, on_duplicate, dedupe, mode, stability_ms FROM routes`);
  const path = h.path('theirs.csv');
  h.candidates.upsert({
    path,
    routeId: routeId + 1,
    fingerprint: 'f',
    waitsFor: 'writer',
    nowMs: 1,
    dueMs: 2,
  });
  const report = await h.once();
  assert.equal(report.incompleteFiles, 0);
  assert.notEqual(h.candidates.get(path), undefined);
  assert.equal(h.count('file.overdue'), 0);
});
