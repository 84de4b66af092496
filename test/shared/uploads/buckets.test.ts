import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Buckets } from '../../../shared/uploads/buckets.ts';
import { FileRecords } from '../../../shared/uploads/file-records.ts';
import { addJob, makeState, T0 } from '../../support/state.ts';

function setUp(t: TestContext) {
  const fixture = makeState(t);
  const buckets = new Buckets(fixture.state);
  const bucket = buckets.get({ credentials: '', profile: 'lab', bucket: 'archive' });
  const read = () => buckets.byId(bucket.id) ?? assert.fail();
  return { ...fixture, buckets, bucket, read, fixture };
}

test('a bucket has one row for each file of credentials and profile that reach it', (t) => {
  const { buckets, bucket } = setUp(t);
  assert.equal(buckets.get({ credentials: '', profile: 'lab', bucket: 'archive' }).id, bucket.id);
  assert.notEqual(buckets.get({ credentials: '/etc/c', profile: 'lab', bucket: 'archive' }).id, bucket.id);
  assert.notEqual(buckets.get({ credentials: '', profile: 'other', bucket: 'archive' }).id, bucket.id);
});

test('failures count up, and who closes it last says until when and why', (t) => {
  const { buckets, bucket, read } = setUp(t);
  buckets.close(bucket.id, T0 + 5000, 'refused');
  buckets.close(bucket.id, T0 + 1000, 'still refused');
  const { failures, closedUntilMs, reason } = read();
  assert.deepEqual(
    { failures, closedUntilMs, reason },
    { failures: 2, closedUntilMs: T0 + 1000, reason: 'still refused' },
  );
  buckets.open(bucket.id, T0 + 9000);
  const open = read();
  assert.deepEqual(
    [open.failures, open.closedUntilMs, open.reason, open.checkedMs],
    [0, 0, undefined, T0 + 9000],
  );
});

test('of several that would ask whether a bucket can be sent to again, one does', (t) => {
  const { buckets, bucket, read } = setUp(t);
  buckets.close(bucket.id, T0, 'refused');
  const [one, other] = [read(), read()];
  assert.equal(buckets.takeQuestion(one, T0 + 60_000), true);
  assert.equal(buckets.takeQuestion(other, T0 + 60_000), false);
  assert.equal(read().closedUntilMs, T0 + 60_000);
});

test('what waits for a bucket is ready when it opens, and what waits for another reason is not', (t) => {
  const { state, fixture, buckets, bucket } = setUp(t);
  const records = new FileRecords(state);
  const add = (name: string, forBucket: boolean, bucketId = bucket.id) => {
    const jobId = addJob(fixture, name, {
      kind: 'upload',
      state: 'delayed',
      runAtMs: T0 + 60_000,
      reason: 'so',
    });
    const names = { profile: 'lab', bucket: 'archive', filepath: name, createdAt: 'then' };
    const id = records.add(
      {
        ...names,
        ...{ state: 'incoming', bucketId, sinkId: 1, jobId, path: fixture.input, nextPath: undefined },
        ...{ device: 1n, inode: 1n, sizeBytes: 1, mtimeNs: 1n, ledgerId: undefined },
      },
      T0,
    );
    records.wait(id, 'so', forBucket, T0);
    return jobId;
  };
  const other = buckets.get({ credentials: '', profile: 'lab', bucket: 'other' });
  const [waiting, retrying, elsewhere] = [add('a', true), add('b', false), add('c', true, other.id)];
  const ready = () =>
    state.prepare<[], number>("SELECT id FROM jobs WHERE state = 'ready' ORDER BY id").pluck().all();
  assert.equal(buckets.open(bucket.id, T0), 1);
  assert.deepEqual(ready(), [waiting]);
  assert.equal(buckets.lookAgain(T0), 1);
  assert.deepEqual(ready(), [waiting, elsewhere]);
  assert.ok(!ready().includes(retrying));
});
