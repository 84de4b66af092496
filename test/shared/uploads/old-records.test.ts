import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { openState } from '../../../shared/state/open.ts';
import { Buckets } from '../../../shared/uploads/buckets.ts';
import type { NewRecord } from '../../../shared/uploads/file-record.ts';
import { FileRecords } from '../../../shared/uploads/file-records.ts';
import { Objects } from '../../../shared/uploads/objects.ts';
import { OldRecords } from '../../../shared/uploads/old-records.ts';
import { UploadAttempts } from '../../../shared/uploads/upload-attempts.ts';
import { T0 } from '../../support/state.ts';
import { tempDir } from '../../support/temp.ts';

const DAY_MS = 86_400_000;

type Ending = { key?: string; sha256?: string; atMs?: number; bucket?: string; changes?: Partial<NewRecord> };

/** A state file with stays; those that ended at T0 are old. */
function makeStays(t: TestContext) {
  const state = openState(`${tempDir(t)}/state.db`);
  t.after(() => state.close());
  const [records, objects, attempts, buckets] = [
    new FileRecords(state),
    new Objects(state),
    new UploadAttempts(state),
    new Buckets(state),
  ];
  const old = new OldRecords(state, () => 0);
  const begin = ({ atMs = T0, bucket = 'buck', changes = {} }: Ending = {}): number => {
    const { id: bucketId } = buckets.get({ credentials: '', profile: 'lab', bucket });
    return records.add(
      {
        ...{
          profile: 'lab',
          bucket,
          filepath: 'a.csv',
          createdAt: '2024',
          state: 'processing',
          bucketId,
          sinkId: 1,
        },
        ...{ jobId: undefined, path: fromText('/in/a.csv'), nextPath: undefined, device: 1n, inode: 1n },
        ...{ sizeBytes: 1, mtimeNs: 1n, ledgerId: undefined, ...changes },
      },
      atMs,
    );
  };
  const end = (id: number, is: 'completed' | 'failed' | 'gone', atMs = T0): number => {
    attempts.add({ recordId: id, startedMs: atMs, outcome: 'success' }, atMs);
    records.close(
      id,
      { state: is, outcome: is === 'completed' ? 'success' : 'failure', path: fromText('/x') },
      atMs,
    );
    return id;
  };
  return {
    ...{ state, records, objects, begin, end, old },
    send: (ending: Ending = {}): number => {
      const id = begin(ending);
      const sha256 = ending.sha256 ?? 'abc';
      objects.sent(id, '', ending.key ?? 'a.csv', { sizeBytes: 1, sha256, etag: '"e"', checksum: undefined });
      return end(id, 'completed', ending.atMs);
    },
    /** Removes what ended before T0 and a day. @returns the stays that are left */
    prune(): number[] {
      while (!old.step(T0 + DAY_MS).isEnd);
      return state.prepare<[], number>('SELECT id FROM file_records ORDER BY id').pluck().all();
    },
    rows: () =>
      Object.fromEntries(
        ['file_states', 'upload_attempts', 'objects', 'object_parts'].map((table) => [
          table,
          state.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get(),
        ]),
      ),
  };
}

test('a stay that ended long ago without an object goes with all that belongs to it', (t) => {
  const { begin, end, objects, prune, rows } = makeStays(t);
  for (const is of ['failed', 'gone'] as const) {
    const id = end(begin(), is);
    const object = objects.of(id, '', 'a.csv');
    objects.part(object.id, { number: 1, etag: '"p"', sizeBytes: 1, sha256: 'x' });
  }
  assert.deepEqual(prune(), []);
  assert.deepEqual(rows(), { file_states: 0, upload_attempts: 0, objects: 0, object_parts: 0 });
});

test('one that ended lately, or is not over, stays', (t) => {
  const { begin, end, prune } = makeStays(t);
  const lately = end(begin(), 'failed', T0 + 2 * DAY_MS);
  const open = begin();
  assert.deepEqual(prune(), [lately, open]);
});

test('the last that was sent under each key of a bucket stays, and those that it replaced go', (t) => {
  const { send, prune } = makeStays(t);
  send();
  const other = send({ bucket: 'other' });
  const key = send({ key: 'b.csv' });
  const last = send({ sha256: 'def' });
  assert.deepEqual(prune(), [other, key, last]);
});

test('an archive of which one member is there still stays whole', (t) => {
  const { objects, send, begin, end, prune, rows } = makeStays(t);
  const archive = begin();
  for (const key of ['a.csv', 'b.csv'])
    objects.sent(archive, key, key, { sizeBytes: 1, sha256: 'a', etag: '"e"', checksum: undefined });
  end(archive, 'completed');
  const replacing = send({ key: 'a.csv' });
  assert.deepEqual(prune(), [archive, replacing]);
  assert.equal(rows().objects, 3);
});

test('one whose job is there to be retried stays, until that is dropped', (t) => {
  const { state, begin, end, prune } = makeStays(t);
  state.exec(
    `INSERT INTO jobs (id, kind, key, state, reason, enqueued_ms, updated_ms) VALUES (7, 'upload', x'2f78', 'failed', 'it failed', 1, 1)`,
  );
  const failed = end(begin({ changes: { jobId: 7 } }), 'failed');
  assert.deepEqual(prune(), [failed]);
  state.exec('DELETE FROM jobs');
  assert.deepEqual(prune(), []);
});

test('one that left an upload in parts stays until that is aborted', (t) => {
  const { begin, end, objects, prune } = makeStays(t);
  const id = begin();
  const object = objects.of(id, '', 'a.csv');
  objects.asking(object.id, T0);
  end(id, 'gone');
  assert.deepEqual(prune(), [id]);
  objects.ended(object.id);
  assert.deepEqual(prune(), []);
});

test('many go step by step, and what ends behind them is met the next time round', (t) => {
  const { state, begin, end, old, prune } = makeStays(t);
  const lately = state.transaction(() => {
    const first = end(begin(), 'gone', T0 + 2 * DAY_MS);
    for (let n = 0; n < 500; n += 1) end(begin(), 'gone');
    return first;
  })();
  const removed: number[] = [];
  for (let isEnd = false; !isEnd; ) {
    const step = old.step(T0 + DAY_MS);
    removed.push(step.removed);
    isEnd = step.isEnd;
  }
  assert.deepEqual(removed, [199, 200, 101]);
  assert.deepEqual(prune(), [lately]);
  assert.equal(old.step(T0 + 3 * DAY_MS).removed, 1);
});

test('who begins somewhere in the middle is not through before it has come to the first ones', (t) => {
  const { state, begin, end } = makeStays(t);
  for (let n = 0; n < 10; n += 1) end(begin(), 'gone');
  const old = new OldRecords(state, () => 0.5);
  assert.deepEqual(old.step(T0 + DAY_MS), { removed: 5, isEnd: false });
  assert.deepEqual(old.step(T0 + DAY_MS), { removed: 5, isEnd: true });
});
