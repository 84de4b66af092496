import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../../../../shared/fs/byte-path.ts';
import { thisProcess } from '../../../../shared/linux/process-identity.ts';
import { Claims } from '../../../../shared/queue/claim.ts';
import { findCandidate, findJobs, listCandidates, listJobs } from '../../../../shared/queue/inspect/list.ts';
import { addCandidate, addJob, makeState, T0 } from '../../../support/state.ts';

test('jobs are listed by number, each with what is known of it', (context) => {
  const fixture = makeState(context);
  const waits = { state: 'delayed', runAtMs: T0 + 5000, reason: 'no space left', attempts: 2 } as const;
  const first = addJob(fixture, 'first', waits);
  const second = addJob(fixture, 'second');
  assert.deepEqual(
    [...listJobs(fixture.state)],
    [
      {
        id: first,
        kind: 'ingest',
        state: 'delayed',
        attempts: 2,
        runAtMs: T0 + 5000,
        reason: 'no space left',
        owner: undefined,
        path: join(fixture.input, 'first'),
        sizeBytes: 10,
        enqueuedMs: T0,
      },
      {
        id: second,
        kind: 'ingest',
        state: 'ready',
        attempts: 0,
        runAtMs: undefined,
        reason: undefined,
        owner: undefined,
        path: join(fixture.input, 'second'),
        sizeBytes: 10,
        enqueuedMs: T0,
      },
    ],
  );
});

test('each state and each kind can be listed alone', (context) => {
  const fixture = makeState(context);
  const leased = addJob(fixture, 'leased');
  const holder = { ...thisProcess(), owner: 'worker-1' };
  new Claims(fixture.state, holder).claim({
    kind: 'ingest',
    lane: 'batch',
    limit: 1,
    leaseMs: 1000,
    nowMs: T0,
  });
  const ready = addJob(fixture, 'ready');
  const delayed = addJob(fixture, 'delayed', { state: 'delayed' });
  const failed = addJob(fixture, 'failed', { state: 'failed' });
  const upload = addJob(fixture, 'ready', { kind: 'upload' });
  const ids = (...filter: Parameters<typeof listJobs>[1][]) =>
    [...listJobs(fixture.state, filter[0])].map((job) => job.id);
  assert.deepEqual(ids({ state: 'ready' }), [ready, upload]);
  assert.deepEqual(ids({ state: 'delayed' }), [delayed]);
  assert.deepEqual(ids({ state: 'failed' }), [failed]);
  assert.deepEqual(ids({ state: 'leased' }), [leased]);
  assert.deepEqual(ids({ kind: 'upload' }), [upload]);
  assert.deepEqual(ids({ state: 'ready', kind: 'ingest' }), [ready]);
  assert.equal([...listJobs(fixture.state, { state: 'leased' })][0]?.owner, 'worker-1');
});

test('a list of several thousand comes whole, and a job that ends meanwhile disturbs nothing', (context) => {
  const fixture = makeState(context);
  const insert = fixture.state.prepare(
    "INSERT INTO jobs (kind, key, enqueued_ms, updated_ms) VALUES ('ingest', CAST(? AS BLOB), 0, 0)",
  );
  fixture.state.transaction(() => {
    for (let n = 1; n <= 2500; n += 1) insert.run(`/in/${n}`);
  })();
  const seen: number[] = [];
  for (const job of listJobs(fixture.state)) {
    seen.push(job.id);
    if (job.id === 1) fixture.state.exec('DELETE FROM jobs WHERE id = 2000');
  }
  assert.equal(seen.length, 2499);
  assert.deepEqual([seen[0], seen.at(-1), new Set(seen).size], [1, 2500, 2499]);
});

test('candidates are listed with what they wait for', (context) => {
  const fixture = makeState(context);
  const b = addCandidate(fixture, 'b', {
    waitsFor: 'sidecar',
    dueMs: null,
    overdue: true,
    firstSeenMs: T0 - 1,
  });
  const a = addCandidate(fixture, 'a', { waitsFor: 'writer', dueMs: T0 + 1 });
  const listed = [...listCandidates(fixture.state)];
  assert.deepEqual(listed, [
    { path: a, route: 'orders', waitsFor: 'writer', firstSeenMs: T0, dueMs: T0 + 1, overdue: false },
    { path: b, route: 'orders', waitsFor: 'sidecar', firstSeenMs: T0 - 1, dueMs: undefined, overdue: true },
  ]);
});

test('the candidate and the jobs of one path are found, whatever their kind', (context) => {
  const fixture = makeState(context);
  addCandidate(fixture, 'a');
  const ingest = addJob(fixture, 'a');
  const upload = addJob(fixture, 'a', { kind: 'upload' });
  addJob(fixture, 'b');
  const path = join(fixture.input, 'a');
  assert.equal(findCandidate(fixture.state, path)?.waitsFor, 'stability');
  assert.equal(findCandidate(fixture.state, join(fixture.input, 'b')), undefined);
  assert.deepEqual(
    findJobs(fixture.state, path).map((job) => job.id),
    [ingest, upload],
  );
});
