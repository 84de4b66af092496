import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { Buckets } from '../../../shared/uploads/buckets.ts';
import { FileRecords } from '../../../shared/uploads/file-records.ts';
import { Objects } from '../../../shared/uploads/objects.ts';
import { makeState, T0 } from '../../support/state.ts';

const sent = {
  sizeBytes: 5,
  sha256: 'abc',
  etag: 'e',
  checksum: { algorithm: 'SHA256' as const, value: 'c3Vt' },
};

function setUp(t: TestContext) {
  const { state } = makeState(t);
  const name = { profile: 'lab', bucket: 'archive' };
  const bucketId = new Buckets(state).get({ credentials: '', ...name }).id;
  const recordId = new FileRecords(state).add(
    {
      ...{ ...name, filepath: 'a.csv', createdAt: '2024-11-02T10:00:00.000000001Z', state: 'processing' },
      ...{ bucketId, sinkId: 1, jobId: 7, path: fromText('/a.csv'), nextPath: undefined },
      ...{ device: 1n, inode: 42n, sizeBytes: 5, mtimeNs: 1n, ledgerId: undefined },
    },
    T0,
  );
  return { objects: new Objects(state), bucketId, recordId };
}

test('an object that was sent at once needs no row before', (t) => {
  const { objects, bucketId, recordId } = setUp(t);
  assert.equal(objects.lastSent(bucketId, 'a.csv'), undefined);
  objects.sent(recordId, '', 'a.csv', sent);
  const [row, ...others] = objects.ofRecord(recordId);
  assert.deepEqual(others, []);
  assert.deepEqual([row?.key, row?.isSent, row?.sizeBytes, row?.sha256], ['a.csv', true, 5, 'abc']);
  assert.deepEqual(row?.checksum, sent.checksum);
  assert.equal(objects.lastSent(bucketId, 'a.csv')?.id, row?.id);
});

test('one that is on record stays that one, with its key, and has what was sent last', (t) => {
  const { objects, recordId } = setUp(t);
  const { id } = objects.of(recordId, 'member', 'its/key');
  objects.sent(recordId, 'member', 'another/key', sent);
  objects.sent(recordId, 'member', 'another/key', { ...sent, etag: 'newer', checksum: undefined });
  const rows = objects.ofRecord(recordId);
  assert.deepEqual(
    rows.map((row) => [row.id, row.key, row.isSent, row.etag, row.checksum]),
    [[id, 'its/key', true, 'newer', undefined]],
  );
});
