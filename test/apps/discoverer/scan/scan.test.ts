import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { EnvironmentError } from '../../../../shared/errors.ts';
import { type BytePath, fromBytes, join, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { decideFile } from '../../../support/state.ts';
import { Harness } from '../harness.ts';

/** Nothing has to be waited for. */
const atOnce = { stabilityMs: 0 } as const;

test('names that are no text, hold newlines or are as long as can be are found as they are', async (t) => {
  const h = new Harness(t, atOnce);
  const names = [
    Buffer.from([0xff, 0xfe, 0x2e, 0x63]),
    Buffer.from('new\nline.csv'),
    Buffer.from('caf\u00e9.csv'),
    Buffer.from('x'.repeat(255)),
    Buffer.from([0x80, 0x0a, 0x5c, 0x27, 0x22]),
  ].map((bytes) => fromBytes(bytes));
  mkdirSync(toBytes(join(h.input, fromBytes(Buffer.from([0xc3, 0x28])))));
  names.push(join(fromBytes(Buffer.from([0xc3, 0x28])), 'in a directory that is no text'));
  for (const name of names) writeFileSync(toBytes(join(h.input, name)), '');
  assert.equal((await h.once()).enqueuedJobs, names.length);
  assert.deepEqual(h.names().toSorted(), names.toSorted());
});

test('what is hidden, temporary, a link or no regular file is never a candidate', async (t) => {
  const h = new Harness(t, atOnce);
  for (const name of [
    '.hidden',
    '.dir/a.csv',
    'sub/.dir/a.csv',
    'a.tmp',
    'b.part',
    'c.swp',
    'd~',
    'e.csv.ok',
  ])
    h.write(name);
  h.write('taken.csv');
  symlinkSync('taken.csv', toBytes(h.path('link.csv')));
  symlinkSync('sub', toBytes(h.path('link-to-directory')));
  execFileSync('mkfifo', [toText(h.path('pipe.csv'))]);
  const server = createServer().listen(toText(h.path('socket.csv')));
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const report = await h.once();
  assert.deepEqual([h.names(), report.seenFiles, report.incompleteFiles], [['taken.csv'], 1, 0]);
  // Below hidden directories nobody looks; all else is counted.
  assert.equal(report.excludedFiles, 10);
});

test('subdirectories are looked into, or not, as the route says', async (t) => {
  const h = new Harness(t, atOnce);
  for (const name of ['a.csv', 'sub/b.csv', 'sub/sub/c.csv']) h.write(name);
  await h.once({ routes: [{ ...h.route, recursive: false }] });
  assert.deepEqual(h.names(), ['a.csv']);
  await h.once();
  assert.deepEqual(h.names(), ['a.csv', 'sub/b.csv', 'sub/sub/c.csv']);
});

test('only what the globs of the route take is taken', async (t) => {
  const h = new Harness(t, { ...atOnce, include: ['**/*.csv'], exclude: ['drafts/**'] });
  for (const name of ['a.csv', 'a.log', 'sub/b.csv', 'drafts/c.csv']) h.write(name);
  const report = await h.once();
  assert.deepEqual([h.names(), report.excludedFiles], [['a.csv', 'sub/b.csv'], 2]);
});

test('candidates that a changed route leaves out are candidates no longer', async (t) => {
  const h = new Harness(t);
  h.write('sub/a.csv');
  assert.equal((await h.once()).incompleteFiles, 1);
  h.clock.pass(1000);
  const report = await h.once({ routes: [{ ...h.route, recursive: false }] });
  assert.deepEqual([report.incompleteFiles, h.names()], [0, []]);
});

for (const mode of ['stability', 'sidecar', 'close-write'] as const) {
  test(`a scan that finds nothing new writes nothing (${mode})`, async (t) => {
    const h = new Harness(t, { mode, scanMs: 30, stabilityMs: mode === 'stability' ? 3_600_000 : 0 });
    for (let i = 0; i < 20; i++) h.write(`${i}.csv`);
    h.write('0.csv.ok');
    await h.started();
    await h.until('a second scan', () => h.count('scan.finished') >= 2);
    const other = new Database(h.fixture.statePath, { readonly: true });
    t.after(() => other.close());
    const version = () => other.pragma('data_version', { simple: true });
    const before = [version(), other.prepare('SELECT count(*) FROM jobs').get()];
    const scans = h.count('scan.finished');
    await h.until('more scans', () => h.count('scan.finished') >= scans + 5);
    assert.equal(version(), before[0]);
    assert.ok(h.jobs().length + h.candidates.count() === 20);
    // The measure itself works.
    h.write('new.csv');
    await h.until('a write', () => version() !== before[0]);
  });
}

test('a file that failed is not tried again until it has changed', async (t) => {
  const h = new Harness(t, atOnce);
  h.write('a.csv');
  await h.once();
  h.fail('a.csv');
  assert.equal((await h.once()).enqueuedJobs, 0);
  const failed = h.jobs();
  assert.equal(failed[0]?.state, 'failed');
  renameSync(toBytes(h.write('better.tmp', 'better')), toBytes(h.path('a.csv')));
  assert.equal((await h.once()).enqueuedJobs, 1);
  const [job] = h.jobs();
  assert.deepEqual([job?.state, job?.size_bytes], ['ready', 6]);
  assert.notEqual(job?.fingerprint, failed[0]?.fingerprint);
});

test('a file that failed, was changed, and is not complete yet is a candidate', async (t) => {
  const h = new Harness(t, { stabilityMs: 60_000 });
  h.write('a.csv');
  h.clock.pass(61_000);
  await h.once();
  h.fail('a.csv');
  h.clock.pass(-61_000);
  h.write('a.csv', 'being written anew');
  await h.once();
  assert.equal(h.candidate('a.csv')?.waitsFor, 'stability');
  assert.equal(h.jobs()[0]?.state, 'failed');
  h.clock.pass(61_000);
  assert.equal((await h.once()).enqueuedJobs, 1);
  assert.deepEqual([h.jobs()[0]?.state, h.candidates.count()], ['ready', 0]);
});

test('a failed job whose file is gone is forgotten, unless something of it is in flight', async (t) => {
  const h = new Harness(t, atOnce);
  const paths = ['gone.csv', 'there.csv', 'moving.csv'].map((name) => h.write(name));
  await h.once();
  for (const name of h.names()) h.fail(name);
  const jobId = h.fixture.state
    .prepare<[Buffer], number>('SELECT id FROM jobs WHERE key = ?')
    .pluck()
    .get(toBytes(h.path('moving.csv')));
  decideFile(h.fixture, 'moving.csv', { jobId: jobId ?? 0 });
  for (const path of [paths[0], paths[2]]) rmSync(toBytes(path ?? h.input));
  await h.once();
  assert.deepEqual(h.names(), ['moving.csv', 'there.csv']);
  assert.deepEqual(
    h.log.filter(({ event }) => event === 'file.vanished').map(({ source }) => source),
    [h.path('gone.csv')],
  );
});

test('a duplicate that was left in place is not tried again until it is touched or the route wants it otherwise', async (t) => {
  const h = new Harness(t, { ...atOnce, onDuplicate: 'leave' });
  const path = h.write('again.csv');
  leave(h, path);
  const left = await h.once();
  assert.deepEqual([left.enqueuedJobs, left.incompleteFiles, left.seenFiles], [0, 0, 1]);
  assert.equal((await h.once({ routes: [{ ...h.route, onDuplicate: 'move' }] })).enqueuedJobs, 1);
  h.finish('again.csv');
  assert.equal((await h.once()).enqueuedJobs, 0);
  h.write('again.csv', 'other content');
  assert.equal((await h.once()).enqueuedJobs, 1);
});

test('a directory that cannot be read is named once, and the rest is found', async (t) => {
  const h = new Harness(t, { ...atOnce, scanMs: 30 });
  // Even root cannot read one whose path is longer than the kernel takes: made of two halves.
  const half = Array<string>(9).fill('d'.repeat(250)).join('/');
  const outside = join(h.fixture.directory, 'outside');
  mkdirSync(toBytes(h.path(half)), { recursive: true });
  mkdirSync(toBytes(join(outside, half)), { recursive: true });
  writeFileSync(toBytes(join(outside, `${half}/never-seen.csv`)), '');
  renameSync(toBytes(outside), toBytes(h.path(`${half}/lower`)));
  h.write('a.csv');
  const running = await h.started();
  await h.until('some scans', () => h.count('scan.finished') > 2);
  await running.stop();
  // Nor can Node remove it.
  execFileSync('rm', ['-r', 'd'.repeat(250)], { cwd: toText(h.input) });
  assert.deepEqual(h.names(), ['a.csv']);
  assert.deepEqual(
    h.log.filter(({ event }) => event === 'scan.refused').map(({ reason }) => reason),
    ['ENAMETOOLONG'],
  );
});

test('one pass without an input ends with the reason', async (t) => {
  const h = new Harness(t, atOnce);
  rmSync(toBytes(h.input), { recursive: true });
  await assert.rejects(
    h.once(),
    (error) => error instanceof EnvironmentError && error.code === 'input.missing',
  );
});

test('one pass over several routes reports them together, and no more names than are read', async (t) => {
  const h = new Harness(t, { mode: 'sidecar' });
  const second = join(h.fixture.directory, 'second');
  mkdirSync(toBytes(second));
  writeFileSync(toBytes(join(second, 'a.csv')), '');
  for (let i = 0; i < 1200; i++) h.write(`${i}.csv`, '');
  const report = await h.once({
    routes: [
      h.route,
      { ...h.route, name: 'second', input: toText(second), mode: 'stability', stabilityMs: 0 },
    ],
  });
  assert.deepEqual(
    [report.seenFiles, report.enqueuedJobs, report.incompleteFiles, report.incomplete.length],
    [1201, 1, 1200, 1000],
  );
});

test('a pass that is stopped ends soon, and the next one finds the rest', async (t) => {
  const h = new Harness(t, atOnce);
  for (let i = 0; i < 3000; i++) h.write(`${i % 20}/${i}.csv`, '');
  const stop = new AbortController();
  const pass = h.once({ signal: stop.signal });
  stop.abort();
  await pass;
  const report = await h.once();
  assert.equal(h.jobs().length, 3000);
  assert.equal(report.seenFiles, 3000);
});

/** What a worker writes of a duplicate that it leaves. */
function leave(h: Harness, path: BytePath): void {
  const { state, routeId } = h.fixture;
  const { id } = decideFile(h.fixture, 'original.csv');
  rmSync(toBytes(h.path('original.csv')));
  const stats = lstatIfThere(path);
  assert.ok(stats);
  state
    .prepare(`
      INSERT INTO duplicates (ledger_id, state, action, route_id, job_id, fingerprint, device, inode, size_bytes, mtime_ns, ctime_ns, source, decided_ms, settled_ms)
      VALUES (?, 'settled', 'leave', ?, 1, ?, 1, 1, 1, 1, 1, ?, 1, 1)`)
    .run(id, routeId, fingerprintOf(stats), toBytes(path));
}
