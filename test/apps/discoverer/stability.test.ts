import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { test } from 'node:test';
import { toBytes } from '../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../shared/fs/fingerprint.ts';
import { SMALL_FILE_BYTES } from '../../../shared/queue/lanes.ts';
import { Harness, STABILITY_MS } from './harness.ts';

/** Well past the window: for a look that comes late, and for the tick by which a ctime may be behind. */
const LATER_MS = STABILITY_MS + 50;

test('a file that was left alone for long enough is enqueued at the first sight, as it is', async (t) => {
  const h = new Harness(t);
  const path = h.write('sub/a.csv', '12345');
  h.clock.pass(LATER_MS);
  const report = await h.once();
  assert.deepEqual(report, {
    seenFiles: 1,
    enqueuedJobs: 1,
    incompleteFiles: 0,
    incomplete: [],
    excludedFiles: 0,
  });
  assert.deepEqual(h.jobs(), [
    {
      name: 'sub/a.csv',
      state: 'ready',
      lane: 'batch',
      fingerprint: fingerprintOf(statSync(toBytes(path), { bigint: true })),
      size_bytes: 5,
      payload: null,
    },
  ]);
  assert.equal(h.enqueued, 1);
  assert.equal(h.candidates.count(), 0);
});

test('a large file goes to the lane for one at a time', async (t) => {
  const h = new Harness(t);
  h.write('large.csv', 'x'.repeat(SMALL_FILE_BYTES + 1));
  h.clock.pass(LATER_MS);
  await h.once();
  assert.equal(h.jobs()[0]?.lane, 'alone');
});

test('a young file is a candidate, and one more pass is enough when it has become old', async (t) => {
  const h = new Harness(t);
  h.write('a.csv');
  const first = await h.once();
  assert.deepEqual([first.enqueuedJobs, first.incompleteFiles], [0, 1]);
  assert.deepEqual(first.incomplete, [{ source: h.path('a.csv'), waitsFor: 'stability' }]);
  const due = h.candidate('a.csv')?.dueMs ?? 0;
  assert.ok(due > h.clock.nowMs() && due <= h.clock.nowMs() + LATER_MS);
  h.clock.pass(LATER_MS);
  const second = await h.once();
  assert.deepEqual([second.enqueuedJobs, second.incompleteFiles], [1, 0]);
  assert.equal(h.candidate('a.csv'), undefined);
});

test('a forged mtime makes no file complete: nobody can set ctime', async (t) => {
  const h = new Harness(t);
  h.forgeMtime(h.write('copied-with-cp-p.csv'));
  assert.equal((await h.once()).enqueuedJobs, 0);
  assert.equal(h.candidate('copied-with-cp-p.csv')?.waitsFor, 'stability');
  h.clock.pass(LATER_MS);
  assert.equal((await h.once()).enqueuedJobs, 1);
});

test('a file that is touched meanwhile waits for its whole window again, and was first seen when it was', async (t) => {
  const h = new Harness(t, { stabilityMs: 60_000 });
  const path = h.write('growing.csv');
  await h.once();
  const before = h.candidate('growing.csv');
  for (const touch of [
    () => appendFileSync(toBytes(path), 'more'),
    () => h.forgeMtime(path),
    () => chmodSync(toBytes(path), 0o600),
  ]) {
    h.clock.pass(30_000);
    const former = h.candidate('growing.csv');
    // The file system's clock is not turned: it ticks.
    await h.until('a tick', () => {
      touch();
      return fingerprintOf(statSync(toBytes(path), { bigint: true })) !== former?.fingerprint;
    });
    assert.equal((await h.once()).enqueuedJobs, 0);
    const now = h.candidate('growing.csv');
    assert.notEqual(now?.fingerprint, former?.fingerprint);
    assert.equal(now?.firstSeenMs, before?.firstSeenMs);
    h.clock.pass(-30_000);
  }
});

test('with a ctime in the future it takes two observations, also in two runs', async (t) => {
  const h = new Harness(t);
  h.clock.step(-3_600_000);
  h.write('from-the-future.csv');
  assert.equal((await h.once()).enqueuedJobs, 0);
  assert.equal(h.candidate('from-the-future.csv')?.waitsFor, 'second-look');
  assert.equal((await h.once()).enqueuedJobs, 0);
  h.clock.pass(LATER_MS);
  assert.equal((await h.once()).enqueuedJobs, 1);
});

test('a clock that is set back restarts the observation', async (t) => {
  const h = new Harness(t);
  h.clock.step(-3_600_000);
  h.write('a.csv');
  await h.once();
  h.clock.step(-3_600_000);
  h.clock.pass(10);
  assert.equal((await h.once()).enqueuedJobs, 0);
  const candidate = h.candidate('a.csv');
  assert.ok((candidate?.observedMs ?? 0) <= h.clock.nowMs());
  assert.ok((candidate?.dueMs ?? 0) <= h.clock.nowMs() + LATER_MS);
  h.clock.pass(LATER_MS);
  assert.equal((await h.once()).enqueuedJobs, 1);
});

test('a clock that is set forward while it runs makes no file old at once', async (t) => {
  const h = new Harness(t, { stabilityMs: 60_000 });
  h.write('a.csv');
  await h.started();
  h.clock.step(3_600_000);
  await h.until('the candidate to be looked at', () => (h.candidate('a.csv')?.dueMs ?? 0) > h.clock.nowMs());
  assert.deepEqual(h.names(), []);
  h.clock.pass(60_000);
  await h.untilJobs('a.csv');
});

test('on a network file system an old file needs a second look as well', async (t) => {
  const h = new Harness(t);
  h.kernel = { ...h.kernel, fileSystemType: () => ({ name: 'nfs', isNetwork: true }) };
  h.write('a.csv');
  h.clock.pass(3_600_000);
  assert.equal((await h.once()).enqueuedJobs, 0);
  assert.equal(h.candidate('a.csv')?.waitsFor, 'second-look');
  h.clock.pass(LATER_MS);
  assert.equal((await h.once()).enqueuedJobs, 1);
});

test('a candidate that somebody still has open waits for its writer, however old it is', async (t) => {
  const h = new Harness(t);
  const fd = openSync(toBytes(h.write('slow.csv')), 'a');
  t.after(() => closeSync(fd));
  await h.once();
  h.clock.pass(LATER_MS);
  assert.equal((await h.once()).enqueuedJobs, 0);
  assert.equal(h.candidate('slow.csv')?.waitsFor, 'writer');
  h.clock.pass(3_600_000);
  assert.equal((await h.once()).enqueuedJobs, 0);
});

test('a log that is rotated away while it is still written waits until its writer closes it', async (t) => {
  const h = new Harness(t);
  const fd = openSync(toBytes(h.write('app.log.tmp')), 'a');
  await h.started();
  renameSync(toBytes(h.path('app.log.tmp')), toBytes(h.path('app.log.1')));
  writeSync(fd, 'one more line');
  await h.until('the look that finds its writer', () => h.candidate('app.log.1')?.waitsFor === 'writer');
  closeSync(fd);
  await h.untilJobs('app.log.1');
});

test('without lease support the check is left out, and that is said once', async (t) => {
  const h = new Harness(t);
  h.kernel = { ...h.kernel, hasOpenWriter: () => 'unknown' };
  h.write('a.csv');
  h.write('b.csv');
  await h.started();
  await h.untilJobs('a.csv', 'b.csv');
  assert.equal(h.count('watch.no_lease_support'), 1);
});

test('two names of one file are two files', async (t) => {
  const h = new Harness(t);
  linkSync(toBytes(h.write('a.csv')), toBytes(h.path('b.csv')));
  h.clock.pass(LATER_MS);
  await h.once();
  assert.deepEqual(h.names(), ['a.csv', 'b.csv']);
});

test('a candidate whose file is gone is one no longer', async (t) => {
  const h = new Harness(t);
  const path = h.write('a.csv');
  await h.once();
  rmSync(toBytes(path));
  h.clock.pass(LATER_MS);
  const report = await h.once();
  assert.deepEqual([report.seenFiles, report.incompleteFiles], [0, 0]);
});

test('while it runs a file becomes a job when its window is over, and not before', async (t) => {
  const h = new Harness(t, { stabilityMs: 400 });
  await h.started();
  const path = h.write('a.csv');
  const touchedAtMs = Number(statSync(toBytes(path), { bigint: true }).ctimeMs);
  await h.untilJobs('a.csv');
  const lateMs = Date.now() - touchedAtMs - 400;
  assert.ok(lateMs >= 0, `${-lateMs} ms too early`);
  assert.equal(h.candidates.count(), 0);
});
