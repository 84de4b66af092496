import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { createdAt, type NewRecord } from '../../../shared/uploads/file-record.ts';
import { FileRecords } from '../../../shared/uploads/file-records.ts';
import { makeState, T0 } from '../../support/state.ts';

function setUp(t: TestContext) {
  const { state } = makeState(t);
  const records = new FileRecords(state);
  const stay = (fields: Partial<NewRecord> = {}): NewRecord => ({
    profile: 'lab',
    bucket: 'archive',
    filepath: 'a.csv',
    createdAt: '2024-11-02T10:00:00.000000001Z',
    state: 'processing',
    bucketId: undefined,
    sinkId: 1,
    jobId: 7,
    path: fromText('/in/a.csv'),
    nextPath: fromText('/processing/a.csv'),
    device: 2n ** 64n - 1n,
    inode: 42n,
    sizeBytes: 5,
    mtimeNs: 123_456_789_012_345_678n,
    ledgerId: undefined,
    ...fields,
  });
  const states = (id: number) =>
    state
      .prepare<[number], { state: string; at: string }>(
        'SELECT state, at FROM file_states WHERE record_id = ? ORDER BY rowid',
      )
      .all(id)
      .map((row) => `${row.state} ${row.at}`);
  return { state, records, stay, states };
}

test('a stay is read back as it was written, with numbers beyond those of JavaScript', (t) => {
  const { records, stay } = setUp(t);
  const id = records.add(stay(), T0);
  const { profile, device, inode, mtimeNs, path, nextPath, attempt, state, retries } =
    records.byId(id) ?? assert.fail();
  assert.deepEqual(
    { profile, device, inode, mtimeNs, path, nextPath, attempt, state, retries },
    {
      profile: 'lab',
      device: 2n ** 64n - 1n,
      inode: 42n,
      mtimeNs: 123_456_789_012_345_678n,
      path: '/in/a.csv',
      nextPath: '/processing/a.csv',
      attempt: 1,
      state: 'processing',
      retries: 0,
    },
  );
});

test('the same file that comes again is another attempt, and another file is not', (t) => {
  const { records, stay } = setUp(t);
  const attemptOf = (fields: Partial<NewRecord>) => {
    const id = records.add(stay(fields), T0);
    records.close(id, { state: 'completed', outcome: 'success', path: fromText('/c') }, T0);
    return records.byId(id)?.attempt;
  };
  assert.deepEqual([attemptOf({}), attemptOf({}), attemptOf({})], [1, 2, 3]);
  assert.equal(attemptOf({ createdAt: '2024-11-02T10:00:00.000000002Z' }), 1);
  assert.equal(attemptOf({ filepath: 'b.csv' }), 1);
  assert.equal(attemptOf({ bucket: 'other' }), 1);
});

test('each state is kept with its time, also those before the stay was written down', (t) => {
  const { records, stay, states } = setUp(t);
  const id = records.add(stay(), T0 + 2000, [['incoming', T0]]);
  records.conclude(id, { outcome: 'success', path: fromText('/p'), nextPath: fromText('/c') }, T0 + 3000);
  records.close(id, { state: 'completed', outcome: 'success', path: fromText('/c') }, T0 + 4000);
  assert.deepEqual(states(id), [
    'incoming 2024-11-02T10:00:00.000Z',
    'processing 2024-11-02T10:00:02.000Z',
    'completed 2024-11-02T10:00:04.000Z',
  ]);
});

test('a file that is in hand at once has both its states, and is told as it is read back', (t) => {
  const { records, stay, states } = setUp(t);
  records.add(stay({ jobId: 6 }), T0);
  const added = records.addInHand({ ...stay({ inode: 43n }), state: 'processing' }, T0 + 2000, T0);
  assert.deepEqual(added, records.byId(added.id));
  assert.equal(added.attempt, 2);
  assert.deepEqual(states(added.id), [
    'incoming 2024-11-02T10:00:00.000Z',
    'processing 2024-11-02T10:00:02.000Z',
  ]);
});

test('of many jobs those are known that have a stay, or had one', (t) => {
  const { records, stay } = setUp(t);
  records.add(stay({ jobId: 7 }), T0);
  const over = records.add(stay({ jobId: 8, filepath: 'b.csv' }), T0);
  records.close(over, { state: 'gone', path: fromText('/in/b.csv') }, T0);
  records.add(stay({ jobId: undefined, filepath: 'c.csv' }), T0);
  assert.deepEqual(records.knownJobs([6, 7, 8, 9]), new Set([7, 8]));
  assert.deepEqual(records.knownJobs([]), new Set());
});

test('the open stay of a job is found until it is closed, and the last one afterwards', (t) => {
  const { records, stay } = setUp(t);
  const id = records.add(stay(), T0);
  assert.equal(records.openOfJob(7)?.id, id);
  assert.equal(records.openOfInode(2n ** 64n - 1n, 42n)?.id, id);
  records.close(id, { state: 'failed', outcome: 'failure', reason: 'so', path: fromText('/f') }, T0);
  assert.equal(records.openOfJob(7), undefined);
  assert.equal(records.openOfInode(2n ** 64n - 1n, 42n), undefined);
  const last = records.lastOfJob(7);
  assert.deepEqual(
    [last?.id, last?.state, last?.reason, last?.path, last?.nextPath],
    [id, 'failed', 'so', '/f', undefined],
  );
});

test('a job has one open stay at the most', (t) => {
  const { records, stay } = setUp(t);
  records.add(stay(), T0);
  assert.throws(() => records.add(stay({ filepath: 'b.csv' }), T0), { code: 'SQLITE_CONSTRAINT_UNIQUE' });
});

test('what is in hand again is what it is now, and waits for nothing', (t) => {
  const { records, stay, states } = setUp(t);
  const id = records.add(stay({ state: 'incoming' }), T0);
  records.wait(id, 'no bucket', true, T0);
  const record = records.byId(id) ?? assert.fail();
  records.begin(record, { path: fromText('/x'), nextPath: undefined, sizeBytes: 9, mtimeNs: 1n }, T0);
  const after = records.byId(id) ?? assert.fail();
  assert.deepEqual(
    [after.state, after.path, after.nextPath, after.sizeBytes, after.reason],
    ['processing', '/x', undefined, 9, undefined],
  );
  records.begin(after, { path: fromText('/x'), nextPath: undefined, sizeBytes: 9, mtimeNs: 1n }, T0);
  assert.equal(states(id).length, 2, 'a state that it is in already is not written down again');
});

test('a stay that is withdrawn was never there', (t) => {
  const { records, stay, states } = setUp(t);
  const id = records.add(stay(), T0);
  records.withdraw(id);
  assert.equal(records.byId(id), undefined);
  assert.deepEqual(states(id), []);
});

test('the creation date is the birth of the inode with all its digits, or else the mtime', () => {
  const birthtimeNs = 1_730_541_600_000_000_009n;
  assert.equal(createdAt({ birthtimeNs, mtimeNs: 5n }), '2024-11-02T10:00:00.000000009Z');
  assert.equal(createdAt({ birthtimeNs: 0n, mtimeNs: birthtimeNs }), '2024-11-02T10:00:00.000000009Z');
  assert.equal(createdAt({ birthtimeNs: 0n, mtimeNs: -1n }), '1969-12-31T23:59:59.999999999Z');
});
