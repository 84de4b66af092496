import assert from 'node:assert/strict';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { toBytes } from '../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../shared/fs/fingerprint.ts';
import { SidecarRemovals } from '../../../shared/ledger/sidecar-removals.ts';
import { Harness } from './harness.ts';

const sidecarMode = { mode: 'sidecar' } as const;

test('a file waits for its sidecar, however old it is, and needs nothing else', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('a.csv');
  h.clock.pass(3_600_000);
  const first = await h.once();
  assert.deepEqual([first.enqueuedJobs, first.incompleteFiles, first.seenFiles], [0, 1, 1]);
  const candidate = h.candidate('a.csv');
  assert.deepEqual([candidate?.waitsFor, candidate?.dueMs], ['sidecar', undefined]);
  h.write('a.csv.ok', '');
  const second = await h.once();
  assert.deepEqual([second.enqueuedJobs, second.incompleteFiles, second.seenFiles], [1, 0, 1]);
  assert.equal(h.candidates.count(), 0);
});

test('the job says that it has a sidecar, and which', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('a.csv');
  const sidecar = fingerprintOf(statSync(toBytes(h.write('a.csv.ok')), { bigint: true }));
  await h.once();
  assert.deepEqual(JSON.parse(h.jobs()[0]?.payload ?? ''), { sidecar: true, sidecarFingerprint: sidecar });
});

test('the sidecar may come first: it is left alone until its file is there', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('a.csv.ok');
  const first = await h.once();
  assert.deepEqual([first.seenFiles, first.enqueuedJobs, first.incompleteFiles], [0, 0, 0]);
  h.write('a.csv');
  assert.equal((await h.once()).enqueuedJobs, 1);
  assert.ok(lstatSync(toBytes(h.path('a.csv.ok'))).isFile());
});

test('while it runs either may come first', async (t) => {
  const h = new Harness(t, sidecarMode);
  await h.started();
  h.write('file-first.csv');
  await h.until('the candidate', () => h.candidate('file-first.csv') !== undefined);
  h.write('file-first.csv.ok', '');
  await h.untilJobs('file-first.csv');
  h.write('sub/sidecar-first.csv.ok', '');
  h.write('sub/sidecar-first.csv');
  await h.untilJobs('file-first.csv', 'sub/sidecar-first.csv');
});

test('a sidecar that is renamed into place completes its file as well', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('a.csv');
  await h.started();
  renameSync(toBytes(h.write('a.csv.ok.tmp')), toBytes(h.path('a.csv.ok')));
  await h.untilJobs('a.csv');
});

test('a sidecar that is still being written completes nothing until it is closed', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('a.csv');
  await h.started();
  const fd = openSync(toBytes(h.path('a.csv.ok')), 'w');
  await h.until('a look at the sidecar', () => h.candidate('a.csv')?.dueMs !== undefined);
  assert.equal(h.candidate('a.csv')?.waitsFor, 'sidecar');
  assert.deepEqual(h.names(), []);
  closeSync(fd);
  await h.untilJobs('a.csv');
});

test('a file that is still open for writing waits for its writer, although its sidecar is there', async (t) => {
  const h = new Harness(t, sidecarMode);
  const fd = openSync(toBytes(h.write('a.csv')), 'a');
  await h.once();
  h.write('a.csv.ok');
  assert.equal((await h.once()).enqueuedJobs, 0);
  assert.equal(h.candidate('a.csv')?.waitsFor, 'writer');
  closeSync(fd);
  h.clock.pass(60_000);
  assert.equal((await h.once()).enqueuedJobs, 1);
});

test('what only looks like a sidecar is none: a directory, a symlink', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('a.csv');
  h.write('b.csv');
  mkdirSync(toBytes(h.path('a.csv.ok')));
  symlinkSync('b.csv', toBytes(h.path('b.csv.ok')));
  const report = await h.once();
  assert.deepEqual([report.enqueuedJobs, report.incompleteFiles], [0, 2]);
  assert.equal((await h.once()).incompleteFiles, 2);
});

test('the sidecar of a file that is committed, and not removed yet, completes no later file of its name', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('a.csv');
  const { dev: device, ino: inode, ctimeNs } = statSync(toBytes(h.write('a.csv.ok')), { bigint: true });
  new SidecarRemovals(h.fixture.state).add({ path: h.path('a.csv.ok'), device, inode, ctimeNs });
  assert.equal((await h.once()).enqueuedJobs, 0);
  assert.equal((await h.once()).enqueuedJobs, 0);
  // Another inode: it belongs to the file that is here now.
  renameSync(toBytes(h.write('new.tmp')), toBytes(h.path('a.csv.ok')));
  assert.equal((await h.once()).enqueuedJobs, 1);
});

test('a file that failed with its sidecar is tried again when the sidecar is written anew, not before', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('a.csv');
  h.write('a.csv.ok', 'wrong checksum');
  await h.once();
  h.fail('a.csv', 'checksum mismatch');
  assert.equal((await h.once()).enqueuedJobs, 0);
  assert.equal(h.candidates.count(), 0);
  writeFileSync(toBytes(h.path('a.csv.ok')), 'the right one');
  assert.equal((await h.once()).enqueuedJobs, 1);
  assert.equal(h.jobs()[0]?.state, 'ready');
});

test('without its sidecar a file that failed stays failed', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('a.csv');
  h.write('a.csv.ok', 'wrong checksum');
  await h.once();
  h.fail('a.csv', 'checksum mismatch');
  rmSync(toBytes(h.path('a.csv.ok')));
  assert.equal((await h.once()).enqueuedJobs, 0);
  assert.equal(h.jobs()[0]?.state, 'failed');
  assert.equal(h.candidates.count(), 0);
});

test('the globs of the route speak of files, not of their sidecars', async (t) => {
  const h = new Harness(t, { ...sidecarMode, include: ['*.csv'], exclude: ['*.ok'] });
  h.write('a.csv');
  h.write('b.log');
  await h.once();
  h.write('a.csv.ok');
  h.write('b.log.ok');
  const report = await h.once();
  assert.deepEqual([h.names(), report.excludedFiles], [['a.csv'], 1]);
});

test('a sidecar without a name, hidden ones, and those of temporary names complete nothing', async (t) => {
  const h = new Harness(t, sidecarMode);
  for (const name of ['.ok', '.a.csv', '.a.csv.ok', 'b.tmp', 'b.tmp.ok', 'c.ok.ok']) h.write(name);
  await h.started();
  for (const name of ['d/.ok', 'd/.a.csv.ok', 'd/e.csv', 'd/e.csv.ok']) h.write(name);
  await h.untilJobs('d/e.csv');
});

test('candidates whose files are gone are found to be so by a whole scan', async (t) => {
  const h = new Harness(t, sidecarMode);
  for (let i = 0; i < 5; i++) h.write(`${i}.csv`);
  assert.equal((await h.once()).incompleteFiles, 5);
  rmSync(toBytes(h.path('1.csv')));
  rmSync(toBytes(h.path('3.csv')));
  h.write('5.csv');
  const report = await h.once();
  assert.deepEqual(
    report.incomplete.map(({ source }) => source.slice(-5)),
    ['0.csv', '2.csv', '4.csv', '5.csv'],
  );
});

test('a candidate of a route that has another mode by now is judged by that one', async (t) => {
  const h = new Harness(t, sidecarMode);
  h.write('gone.csv');
  h.write('a.csv');
  await h.once();
  rmSync(toBytes(h.path('gone.csv')));
  h.clock.pass(60_000);
  h.route = { ...h.route, mode: 'stability' };
  const report = await h.once();
  assert.deepEqual([h.names(), report.incompleteFiles], [['a.csv'], 0]);
});
