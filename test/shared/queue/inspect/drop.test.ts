import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { dirname, join, toBytes } from '../../../../shared/fs/byte-path.ts';
import { Duplicates } from '../../../../shared/ledger/duplicates.ts';
import { Ledger } from '../../../../shared/ledger/ledger.ts';
import { thisProcess } from '../../../../shared/linux/process-identity.ts';
import { Claims } from '../../../../shared/queue/claim.ts';
import { dropJobs } from '../../../../shared/queue/inspect/drop.ts';
import { listJobs } from '../../../../shared/queue/inspect/list.ts';
import { addDuplicate, addJob, commitFile, decideFile, makeState, T0 } from '../../../support/state.ts';

test('a job that is dropped is gone, and its file stays', (context) => {
  const fixture = makeState(context);
  const path = join(fixture.input, 'a');
  writeFileSync(toBytes(path), 'a');
  const id = addJob(fixture, 'a', { state: 'failed' });
  const other = addJob(fixture, 'b');
  assert.equal(dropJobs(fixture.state, [id, id], T0), 1);
  assert.deepEqual(
    [...listJobs(fixture.state)].map((job) => job.id),
    [other],
  );
  assert.ok(existsSync(toBytes(path)));
});

test('where one job cannot be dropped, none is', (context) => {
  const fixture = makeState(context);
  const leased = addJob(fixture, 'a');
  const claims = new Claims(fixture.state, { ...thisProcess(), owner: 'worker-1' });
  claims.claim({ kind: 'ingest', lane: 'batch', limit: 1, leaseMs: 1000, nowMs: T0 });
  const ready = addJob(fixture, 'b');
  assert.throws(() => dropJobs(fixture.state, [ready, leased], T0), {
    name: 'UsageError',
    code: 'queue.leased-job',
  });
  assert.throws(() => dropJobs(fixture.state, [ready, 99], T0), {
    name: 'UsageError',
    code: 'queue.unknown-job',
  });
  assert.equal([...listJobs(fixture.state)].length, 2);
});

test('what was decided about a file that has not moved is taken back with its job', (context) => {
  const fixture = makeState(context);
  const jobId = addJob(fixture, 'a', { state: 'failed' });
  const row = decideFile(fixture, 'a', { jobId });
  const copy = join(dirname(row.destination), `.wharfinger-${row.id}.tmp`);
  mkdirSync(toBytes(dirname(copy)));
  writeFileSync(toBytes(copy), 'half');
  assert.equal(dropJobs(fixture.state, [jobId], T0), 1);
  assert.equal(new Ledger(fixture.state).byId(row.id), undefined);
  assert.ok(existsSync(toBytes(row.source)));
  assert.ok(!existsSync(toBytes(copy)), 'the copy in progress is removed');
});

test('a file that was moved to its destination is not dropped', (context) => {
  const fixture = makeState(context);
  const jobId = addJob(fixture, 'a', { state: 'failed' });
  const row = decideFile(fixture, 'a', { jobId });
  mkdirSync(toBytes(dirname(row.destination)));
  renameSync(toBytes(row.source), toBytes(row.destination));
  writeFileSync(toBytes(row.source), 'another file under the old name');
  assert.throws(() => dropJobs(fixture.state, [jobId], T0), { name: 'UsageError', code: 'queue.placed-job' });
  assert.notEqual(new Ledger(fixture.state).byId(row.id), undefined);
  assert.equal([...listJobs(fixture.state)].length, 1);
});

test('a file whose copy has its name already is not dropped, though its source is there', (context) => {
  const fixture = makeState(context);
  const jobId = addJob(fixture, 'a', { state: 'failed' });
  const row = decideFile(fixture, 'a', { jobId });
  mkdirSync(toBytes(dirname(row.destination)));
  writeFileSync(toBytes(row.destination), 'content of a');
  assert.throws(() => dropJobs(fixture.state, [jobId], T0), { code: 'queue.placed-job' });
});

test('a duplicate that has not moved is taken back with its job, one that has is not', (context) => {
  const fixture = makeState(context);
  const original = commitFile(fixture, 'a', { content: 'same' });
  const jobId = addJob(fixture, 'b', { state: 'delayed' });
  const duplicate = addDuplicate(fixture, original, 'b', { content: 'same', settle: false, jobId });
  const moved = addJob(fixture, 'c', { state: 'delayed' });
  const away = addDuplicate(fixture, original, 'c', { content: 'same', settle: false, jobId: moved });
  mkdirSync(toBytes(dirname(away.destination)), { recursive: true });
  renameSync(toBytes(away.source), toBytes(away.destination));
  assert.throws(() => dropJobs(fixture.state, [moved], T0), { code: 'queue.placed-job' });
  assert.equal(dropJobs(fixture.state, [jobId], T0), 1);
  assert.equal(new Duplicates(fixture.state).inFlightOf(jobId), undefined);
  assert.notEqual(new Duplicates(fixture.state).inFlightOf(moved), undefined);
  assert.ok(existsSync(toBytes(duplicate.source)));
});
