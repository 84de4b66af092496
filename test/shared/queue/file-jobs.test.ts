import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { join } from '../../../shared/fs/byte-path.ts';
import { Enqueuer } from '../../../shared/queue/enqueue.ts';
import { type CompleteFile, FileJobs, isSettled } from '../../../shared/queue/file-jobs.ts';
import { SMALL_FILE_BYTES } from '../../../shared/queue/lanes.ts';
import { addJob, decideFile, makeState, T0 } from '../../support/state.ts';

function setUp(t: TestContext) {
  const fixture = makeState(t);
  const jobs = new FileJobs(fixture.state);
  const file = (name: string, fields: Partial<CompleteFile> = {}): CompleteFile => ({
    kind: 'ingest',
    sinkId: 0,
    path: join(fixture.input, name),
    routeId: fixture.routeId,
    fingerprint: 'f1',
    sizeBytes: 10,
    ...fields,
  });
  const row = (name: string) =>
    fixture.state
      .prepare<[Buffer], Record<string, unknown>>('SELECT * FROM jobs WHERE key = ?')
      .get(Buffer.from(join(fixture.input, name)));
  const set = (sql: string) => fixture.state.exec(`UPDATE jobs SET ${sql}`);
  return { ...fixture, jobs, file, row, set };
}

test('a file becomes a job that is ready, the same as the general way in makes it', (t) => {
  const { jobs, file, row, state, routeId } = setUp(t);
  assert.equal(jobs.putAll([file('a.csv')], T0), 1);
  const { path, fingerprint } = file('b.csv');
  new Enqueuer(state).put({ kind: 'ingest', key: path, routeId, fingerprint, sizeBytes: 10 }, T0);
  const { id: _a, key: _ka, ...a } = row('a.csv') ?? {};
  const { id: _b, key: _kb, ...b } = row('b.csv') ?? {};
  assert.deepEqual(a, b);
});

test('a file that is large goes to the lane in which it delays nobody', (t) => {
  const { jobs, file, row } = setUp(t);
  jobs.putAll(
    [file('small', { sizeBytes: SMALL_FILE_BYTES }), file('large', { sizeBytes: SMALL_FILE_BYTES + 1 })],
    T0,
  );
  assert.deepEqual([row('small')?.lane, row('large')?.lane], ['batch', 'alone']);
});

test('hundreds are put at once, each once however often it comes', (t) => {
  const { jobs, file, state } = setUp(t);
  const files = Array.from({ length: 333 }, (_, i) => file(`f${i}`, { fingerprint: `f${i}` }));
  assert.equal(jobs.putAll([...files, ...files.slice(0, 7)], T0), 333);
  assert.equal(jobs.putAll(files, T0), 0);
  assert.equal(state.prepare<[], number>('SELECT count(DISTINCT fingerprint) FROM jobs').pluck().get(), 333);
});

test('a job that waits or is worked on is left alone, whatever its file has become', (t) => {
  const { jobs, file, row, set } = setUp(t);
  jobs.putAll([file('a.csv')], T0);
  for (const state of ['ready', 'delayed']) {
    set(`state = '${state}', attempts = 2`);
    assert.equal(jobs.putAll([file('a.csv', { fingerprint: 'f2' })], T0 + 1), 0);
    assert.deepEqual(
      [row('a.csv')?.state, row('a.csv')?.fingerprint, row('a.csv')?.attempts],
      [state, 'f1', 2],
    );
  }
});

test('a failed job is tried again when its file or its sidecar is another, with attempts anew', (t) => {
  const { jobs, file, row, set } = setUp(t);
  jobs.putAll([file('a.csv', { sidecarFingerprint: 's1' })], T0);
  const failed = () => set("state = 'failed', reason = 'checksum mismatch', attempts = 3, run_at_ms = 9");
  failed();
  assert.equal(jobs.putAll([file('a.csv', { sidecarFingerprint: 's1' })], T0 + 1), 0);
  assert.equal(row('a.csv')?.state, 'failed');

  assert.equal(jobs.putAll([file('a.csv', { sidecarFingerprint: 's2' })], T0 + 2), 1);
  const { state, attempts, reason, run_at_ms, payload } = row('a.csv') ?? {};
  assert.deepEqual([state, attempts, reason, run_at_ms], ['ready', 0, null, 0]);
  assert.deepEqual(JSON.parse(String(payload)), { sidecar: true, sidecarFingerprint: 's2' });

  failed();
  assert.equal(jobs.putAll([file('a.csv', { fingerprint: 'f2', sidecarFingerprint: 's2' })], T0 + 3), 1);
});

test('a file is settled while its job waits, and when it failed with this very file and sidecar', (t) => {
  const { jobs, file, set } = setUp(t);
  const asked = file('a.csv', { sidecarFingerprint: 's1' });
  jobs.putAll([asked], T0);
  const settled = (fields: Partial<CompleteFile>) => {
    const known = jobs.get({ kind: 'ingest', sinkId: 0 }, asked.path);
    return known !== undefined && isSettled(known, { ...asked, ...fields });
  };
  assert.ok(settled({ fingerprint: 'f2' }));
  set("state = 'failed', reason = 'it failed'");
  assert.ok(settled({}));
  assert.ok(!settled({ fingerprint: 'f2' }));
  assert.ok(!settled({ sidecarFingerprint: 's2' }));
});

test('failed jobs are given by page, whatever their kind, and no others', (t) => {
  const fixture = setUp(t);
  const { jobs, routeId, input } = fixture;
  addJob(fixture, 'ready');
  const ids = ['a', 'b', 'c'].map((name) => addJob(fixture, name, { state: 'failed' }));
  const upload = addJob(fixture, 'upload', { state: 'failed', kind: 'upload' });
  assert.deepEqual(jobs.failed(routeId, 0, 2), [
    { id: ids[0], path: join(input, 'a') },
    { id: ids[1], path: join(input, 'b') },
  ]);
  assert.deepEqual(jobs.failed(routeId, ids[1] ?? 0, 3), [
    { id: ids[2], path: join(input, 'c') },
    { id: upload, path: join(input, 'upload') },
  ]);
  assert.deepEqual(jobs.failed(routeId + 1, 0, 2), []);
});

test('failed jobs of files in the warehouse are not given: that may be away', (t) => {
  const fixture = setUp(t);
  const { jobs, routeId, state } = fixture;
  const id = addJob(fixture, 'upload', { state: 'failed', kind: 'upload' });
  assert.equal(jobs.failed(routeId, 0, 2).length, 1);
  state.prepare('UPDATE jobs SET payload = ? WHERE id = ?').run('{"ledger":1}', id);
  assert.deepEqual(jobs.failed(routeId, 0, 2), []);
});

test('a failed job is forgotten, one that is not failed, or has something in flight, is not', (t) => {
  const fixture = setUp(t);
  const { jobs } = fixture;
  const failed = addJob(fixture, 'failed', { state: 'failed' });
  const ready = addJob(fixture, 'ready');
  const inFlight = addJob(fixture, 'in-flight', { state: 'failed' });
  decideFile(fixture, 'in-flight', { jobId: inFlight });
  assert.deepEqual(
    [failed, ready, inFlight].map((id) => jobs.removeFailed(id)),
    [true, false, false],
  );
  assert.equal(jobs.get({ kind: 'ingest', sinkId: 0 }, join(fixture.input, 'failed')), undefined);
  assert.equal(jobs.get({ kind: 'ingest', sinkId: 0 }, join(fixture.input, 'in-flight'))?.state, 'failed');
});
