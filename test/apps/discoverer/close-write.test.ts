import assert from 'node:assert/strict';
import { closeSync, linkSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join as joinText } from 'node:path';
import { test } from 'node:test';
import { toBytes, toText } from '../../../shared/fs/byte-path.ts';
import { Harness } from './harness.ts';

const closeWrite = { mode: 'close-write', stabilityMs: 60_000 } as const;

test('a file is complete when its writer closes it, and not before', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  const fd = openSync(toBytes(h.path('slow.csv')), 'w');
  await h.until('the candidate', () => h.candidate('slow.csv') !== undefined);
  writeSync(fd, 'one line');
  assert.equal(h.candidate('slow.csv')?.waitsFor, 'writer');
  assert.deepEqual(h.names(), []);
  closeSync(fd);
  await h.untilJobs('slow.csv');
  assert.equal(h.candidates.count(), 0);
});

test('a file is complete when it is renamed into place', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  renameSync(toBytes(h.write('a.csv.tmp')), toBytes(h.path('a.csv')));
  await h.untilJobs('a.csv');
});

test('a file is complete when it is moved in from elsewhere, as is one that gets its name by a link', async (t) => {
  const h = new Harness(t, closeWrite);
  const outside = joinText(toText(h.fixture.directory), 'outside.csv');
  await h.started();
  closeSync(openSync(outside, 'w'));
  linkSync(outside, toBytes(h.path('linked.csv')));
  renameSync(outside, toBytes(h.path('moved.csv')));
  await h.untilJobs('linked.csv', 'moved.csv');
});

test('one that is renamed while it is still written is not', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  const fd = openSync(toBytes(h.path('app.log.tmp')), 'w');
  renameSync(toBytes(h.path('app.log.tmp')), toBytes(h.path('app.log.1')));
  await h.until('the candidate', () => h.candidate('app.log.1')?.waitsFor === 'writer');
  assert.deepEqual(h.names(), []);
  closeSync(fd);
  await h.untilJobs('app.log.1');
});

test('one of two writers that closes it does not make it complete', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  const [first, second] = [openSync(toBytes(h.path('a.csv')), 'w'), openSync(toBytes(h.path('a.csv')), 'a')];
  await h.until('the candidate', () => h.candidate('a.csv') !== undefined);
  const dueMs = h.candidate('a.csv')?.dueMs;
  closeSync(first);
  await h.until('a look after that', () => h.candidate('a.csv')?.dueMs !== dueMs);
  assert.deepEqual(h.names(), []);
  closeSync(second);
  await h.untilJobs('a.csv');
});

test('what lies there at the start is complete once nobody has it open', async (t) => {
  const h = new Harness(t, closeWrite);
  h.write('done.csv');
  const fd = openSync(toBytes(h.write('open.csv')), 'a');
  await h.started();
  await h.untilJobs('done.csv');
  assert.equal(h.candidate('open.csv')?.waitsFor, 'writer');
  closeSync(fd);
  await h.untilJobs('done.csv', 'open.csv');
});

test('an open file is found closed also without an event, by looking again', async (t) => {
  const h = new Harness(t, { ...closeWrite, watch: 'poll' });
  const fd = openSync(toBytes(h.write('open.csv')), 'a');
  await h.started();
  assert.equal(h.candidate('open.csv')?.waitsFor, 'writer');
  closeSync(fd);
  await h.untilJobs('open.csv');
});

test('without lease support an event is believed, and what a scan meets has to be stable', async (t) => {
  const h = new Harness(t, closeWrite);
  h.kernel = { ...h.kernel, hasOpenWriter: () => 'unknown' };
  h.write('there-before.csv');
  await h.started();
  assert.equal(h.candidate('there-before.csv')?.waitsFor, 'stability');
  h.write('closed.csv');
  await h.untilJobs('closed.csv');
});

test('without lease support what a scan met becomes complete when it is stable', async (t) => {
  const h = new Harness(t, { mode: 'close-write', stabilityMs: 100 });
  h.kernel = { ...h.kernel, hasOpenWriter: () => 'unknown' };
  h.write('there-before.csv');
  await h.started();
  await h.untilJobs('there-before.csv');
});

test('files written right after their directory was made are complete, however deep it is', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  const names = Array.from({ length: 30 }, (_, i) => `new-${i}/a/b/c/file.csv`);
  for (const name of names) h.write(name);
  await h.untilJobs(...names);
});

test('a directory that is moved in brings its files', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  const outside = joinText(toText(h.fixture.directory), 'outside');
  mkdirSync(joinText(outside, 'deep'), { recursive: true });
  closeSync(openSync(joinText(outside, 'deep', 'a.csv'), 'w'));
  renameSync(outside, toBytes(h.path('moved-in')));
  await h.untilJobs('moved-in/deep/a.csv');
  h.write('moved-in/deep/b.csv');
  await h.untilJobs('moved-in/deep/a.csv', 'moved-in/deep/b.csv');
});

test('a file that takes the name of one that a worker has in hand is found when that is settled', async (t) => {
  const h = new Harness(t, { ...closeWrite, scanMs: 3_600_000 });
  await h.started();
  h.write('latest.csv', 'first');
  await h.untilJobs('latest.csv');
  const lease = h.lease('latest.csv');
  renameSync(toBytes(h.path('latest.csv')), joinText(toText(h.fixture.warehouse), 'latest.csv'));
  h.write('latest.csv', 'the second');
  // Events are judged in their order: the second one's was when this one's is.
  h.write('mark.csv');
  await h.untilJobs('latest.csv', 'mark.csv');
  lease.complete();
  await h.untilJobs('latest.csv', 'mark.csv');
  assert.equal(h.jobs()[0]?.size_bytes, 'the second'.length);
});
