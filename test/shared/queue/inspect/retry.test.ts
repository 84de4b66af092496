import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thisProcess } from '../../../../shared/linux/process-identity.ts';
import { Claims } from '../../../../shared/queue/claim.ts';
import { listJobs } from '../../../../shared/queue/inspect/list.ts';
import { parseJobId, retryAll, retryJobs } from '../../../../shared/queue/inspect/retry.ts';
import { addJob, makeState, type StateFixture, T0 } from '../../../support/state.ts';

const statesOf = ({ state }: StateFixture) => [...listJobs(state)].map((job) => job.state);

test('a job that is retried is ready now, with its attempts anew and no reason', (context) => {
  const fixture = makeState(context);
  const id = addJob(fixture, 'a', { state: 'failed', reason: 'it is cursed', attempts: 5, runAtMs: T0 + 1 });
  assert.equal(retryJobs(fixture.state, [id, id], T0), 1);
  const [job] = listJobs(fixture.state);
  assert.deepEqual([job?.state, job?.attempts, job?.reason], ['ready', 0, undefined]);
});

test('where one job is not in the queue, none is retried', (context) => {
  const fixture = makeState(context);
  const id = addJob(fixture, 'a', { state: 'failed' });
  assert.throws(() => retryJobs(fixture.state, [id, 98, 99], T0), {
    name: 'UsageError',
    code: 'queue.unknown-job',
    message: 'jobs 98, 99 are not in the queue; nothing was changed',
  });
  assert.deepEqual(statesOf(fixture), ['failed']);
});

test('a job that a worker has in hand is not retried', (context) => {
  const fixture = makeState(context);
  const id = addJob(fixture, 'a');
  const claims = new Claims(fixture.state, { ...thisProcess(), owner: 'worker-1' });
  claims.claim({ kind: 'ingest', lane: 'batch', limit: 1, leaseMs: 1000, nowMs: T0 });
  assert.throws(() => retryJobs(fixture.state, [id], T0), { name: 'UsageError', code: 'queue.leased-job' });
  assert.deepEqual(statesOf(fixture), ['leased']);
});

test('all failed, or all delayed, jobs are retried, however many, and no others', (context) => {
  const fixture = makeState(context);
  const insert = fixture.state.prepare(`
    INSERT INTO jobs (kind, key, state, reason, enqueued_ms, updated_ms) VALUES ('ingest', CAST(? AS BLOB), ?, 'so', 0, 0)`);
  fixture.state.transaction(() => {
    for (let n = 0; n < 12_000; n += 1) insert.run(`/in/${n}`, n % 2 === 0 ? 'failed' : 'delayed');
  })();
  assert.equal(retryAll(fixture.state, 'failed', T0), 6000);
  assert.equal([...listJobs(fixture.state, { state: 'ready' })].length, 6000);
  assert.equal([...listJobs(fixture.state, { state: 'delayed' })].length, 6000);
  assert.equal(retryAll(fixture.state, 'delayed', T0), 6000);
  assert.equal([...listJobs(fixture.state, { state: 'ready' })].length, 12_000);
  assert.equal(retryAll(fixture.state, 'failed', T0), 0);
});

test('what is not the number of a job is refused', () => {
  assert.equal(parseJobId('17'), 17);
  for (const text of ['', '0', '-1', '1.5', 'x', '1e3', '99999999999999999999']) {
    assert.throws(() => parseJobId(text), { name: 'UsageError', code: 'queue.unknown-job' }, text);
  }
});
