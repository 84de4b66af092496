import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness } from '../harness.ts';

const ready = (h: Harness) => h.jobs().filter(({ state }) => state === 'ready').length;

test('past its limit the queue gets nothing more until workers have taken some', async (t) => {
  const h = new Harness(t, { stabilityMs: 0 });
  h.queueLimit = 5;
  for (let i = 0; i < 8; i++) h.write(`first-${i}.csv`);
  await h.started();
  await h.until('the first jobs', () => ready(h) === 8);
  h.write('second.csv');
  await h.until('the log to say so', () => h.count('queue.full') === 1);
  assert.equal(h.jobs().length, 8);

  h.fixture.state.exec("UPDATE jobs SET state = 'failed', reason = 'out of the way' WHERE id <= 4");
  await h.until('the file that waited', () => h.names().includes('second.csv'));
  assert.equal(h.count('queue.resumed'), 1);
});

test('one pass waits for room as well, and enqueues all', async (t) => {
  const h = new Harness(t, { stabilityMs: 0 });
  h.queueLimit = 1;
  h.write('a.csv');
  await h.once();
  h.write('b.csv');
  const pass = h.once();
  await h.until('the log to say so', () => h.count('queue.full') === 1);
  assert.deepEqual(h.names(), ['a.csv']);
  h.finish('a.csv');
  assert.equal((await pass).enqueuedJobs, 1);
  assert.deepEqual(h.names(), ['b.csv']);
});

test('a pass that waits for room ends when it is stopped', async (t) => {
  const h = new Harness(t, { stabilityMs: 0 });
  h.queueLimit = 1;
  h.write('a.csv');
  await h.once();
  h.write('b.csv');
  const stop = new AbortController();
  const pass = h.once({ signal: stop.signal });
  await h.until('the log to say so', () => h.count('queue.full') === 1);
  stop.abort();
  await pass;
  assert.deepEqual(h.names(), ['a.csv']);
});

test('candidates are kept up to date while the queue is full', async (t) => {
  const h = new Harness(t, { mode: 'sidecar' });
  h.queueLimit = 1;
  h.write('a.csv');
  h.write('a.csv.ok');
  await h.started();
  await h.untilJobs('a.csv');
  h.write('b.csv');
  await h.until('the candidate', () => h.candidate('b.csv') !== undefined);
});
