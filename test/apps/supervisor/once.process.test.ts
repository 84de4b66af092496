import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../../shared/config/settings.ts';
import { event, NO_STATS, type Note, startSupervisor, uploadRoutes } from './harness.ts';

test('a once run ends by itself with a summary: the pass first, then the workers finish what is there', async (t) => {
  const run = startSupervisor(t, {}, { once: true });
  assert.equal(await run.exit, 0);
  const [summary] = run.stderr.records.filter(event('once.finished'));
  assert.ok(summary);
  const { committed, bytes, duplicates, failed, delayed, incomplete } = summary;
  assert.deepEqual(
    { committed, bytes, duplicates, failed, delayed, incomplete },
    { committed: 4, bytes: 40, duplicates: 2, failed: 0, delayed: 0, incomplete: 1 },
  );
  const [young] = run.stderr.records.filter(event('file.incomplete'));
  assert.equal(young?.source, '/in/young.csv');
  assert.equal(young?.waits_for, 'stability');
});

test('a once run that uploads says how much', async (t) => {
  const script = { worker: { uploaded: 3 } };
  const run = startSupervisor(t, script, { once: true, routes: [], uploadRoutes: uploadRoutes('red') });
  assert.equal(await run.exit, 0);
  const summary = run.stderr.records.find(event('once.finished'));
  assert.deepEqual([summary?.uploaded, summary?.uploaded_bytes], [6, 60]);
  assert.equal(summary?.msg, '6 uploaded, 0 failed, 1 not complete yet');
});

const EACH_ITS_OWN: Partial<Settings> = {
  discoverers: 'one-a-route',
  routes: [],
  uploadRoutes: uploadRoutes('red', 'blue'),
};

test('a once run waits for the pass of every discoverer, and sums up what they found', async (t) => {
  const script = { 'discoverer-2': { crashesAtStart: true, lives: 2 } };
  const run = startSupervisor(t, script, { once: true, ...EACH_ITS_OWN });
  assert.equal(await run.exit, 0);
  const notes = run.notes();
  const first = (fits: (note: Note) => boolean) => notes.findIndex(fits);
  const lastPass = notes.findLastIndex(({ name, what }) => name === 'discoverer-2' && what === 'configured');
  assert.ok(first(({ what }) => what === 'drain') > lastPass, 'workers are drained when all was found');
  assert.equal(run.stderr.records.find(event('once.finished'))?.incomplete, 2);
  assert.equal(run.stderr.records.filter(event('discoverer.died')).length, 2);
});

test('a once run of which one discoverer never ends its pass gives up, also when the others have', async (t) => {
  const script = { 'discoverer-2': { diesBySignal: 'SIGKILL' } } as const;
  const run = startSupervisor(t, script, { once: true, ...EACH_ITS_OWN });
  await assert.rejects(run.exit, /^Error: discoverer-2 dies again and again/);
});

test('a once run in which a file failed ends with exit code 3', async (t) => {
  const run = startSupervisor(t, { 'worker-1': { failed: 1 } }, { once: true });
  assert.equal(await run.exit, 3);
});

test('a once run that leaves a job for later ends with exit code 3', async (t) => {
  const run = startSupervisor(t, {}, { once: true }, { readStats: () => ({ ...NO_STATS, delayed: 1 }) });
  assert.equal(await run.exit, 3);
});

test('a once run ends with exit code 3 while a failed job of an earlier run is there', async (t) => {
  const run = startSupervisor(t, {}, { once: true }, { readStats: () => ({ ...NO_STATS, failed: 1 }) });
  assert.equal(await run.exit, 3);
});

test('a worker that dies while it finishes is started again, and the run still ends', async (t) => {
  const run = startSupervisor(t, { 'worker-2': { diesDraining: true, lives: 2 } }, { once: true });
  assert.equal(await run.exit, 0);
  assert.equal(run.stderr.records.filter(event('worker.died')).length, 2);
  assert.equal(run.stderr.records.find(event('once.finished'))?.committed, 4);
});

test('a discoverer that dies in its pass is started again, and the run still ends', async (t) => {
  const run = startSupervisor(t, { discoverer: { diesBySignal: 'SIGKILL', lives: 1 } }, { once: true });
  assert.equal(await run.exit, 0);
  assert.equal(run.stderr.records.filter(event('discoverer.died')).length, 1);
});

test('a signal stops a once run with exit code 0 and without a summary', async (t) => {
  const run = startSupervisor(t, { discoverer: { diesBySignal: 'SIGSTOP' } }, { once: true, stopMs: 100 });
  await run.stderr.until(event('child.started'), 3);
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
  assert.equal(run.stderr.records.some(event('once.finished')), false);
});

test('a once run whose discoverer never ends its pass gives up instead of trying for ever', async (t) => {
  const run = startSupervisor(t, { discoverer: { diesBySignal: 'SIGKILL' } }, { once: true });
  await assert.rejects(run.exit, /discoverer dies again and again: the last one was killed by SIGKILL/);
  assert.equal(run.stderr.records.filter(event('discoverer.died')).length, 5);
});

test('a once run is not given up because a file kills its workers', async (t) => {
  const run = startSupervisor(t, { worker: { diesDraining: true, lives: 6 } }, { once: true });
  assert.equal(await run.exit, 0);
  assert.equal(run.stderr.records.filter(event('worker.died')).length, 12);
});
