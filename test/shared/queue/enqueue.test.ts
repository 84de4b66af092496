import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../../../shared/fs/byte-path.ts';
import { ownQueue, seenJobs } from '../../support/queue-holder.ts';

test('a job that is there already is not put again, whatever it is put with', (t) => {
  const { one } = ownQueue(t);
  assert.equal(one.put('a', { fingerprint: '1' }), true);
  assert.equal(one.put('a', { fingerprint: '2' }), false);
  assert.equal(one.put('a', { kind: 'upload' }), true);
  assert.equal(seenJobs(one.state).length, 2);
});

test('a job that a worker has in hand is not put again', (t) => {
  const { one } = ownQueue(t);
  one.put('a', { fingerprint: '1' });
  one.claim();
  assert.equal(one.put('a', { fingerprint: '2' }), false);
});

test('a failed job is put again when its file has changed, with its attempts anew and no reason', (t) => {
  const { one } = ownQueue(t);
  one.put('a', { fingerprint: '1' });
  const lease = one.claim();
  one.settlements.fail(1, lease?.token ?? 0, 'it is bad', 0);
  assert.equal(one.put('a', { fingerprint: '1' }), false);
  assert.equal(one.put('a', { fingerprint: '2', lane: 'alone' }), true);
  const [job] = seenJobs(one.state);
  assert.deepEqual(job, {
    id: 1,
    key: 'a',
    lane: 'alone',
    state: 'ready',
    attempts: 0,
    token: null,
    runAtMs: 0,
    reason: null,
  });
});

test('a key may hold any bytes, and comes back as it was', (t) => {
  const { one } = ownQueue(t);
  const key = '\x00\xff\n/\xc3(' as BytePath;
  one.put('', { key, payload: '{}', sizeBytes: 7, routeId: undefined as never });
  const job = one.claim()?.jobs[0];
  assert.equal(job?.key, key);
  assert.equal(job?.payload, '{}');
  assert.equal(job?.sizeBytes, 7);
});

test('what waits for a worker now is counted, and nothing else', (t) => {
  const { one } = ownQueue(t);
  for (const key of ['a', 'b', 'c', 'd']) one.put(key);
  one.put('later', { runAtMs: one.clock.nowMs() + 1 });
  const lease = one.claim(2);
  one.settlements.fail(1, lease?.token ?? 0, 'it is bad', 0);
  assert.equal(one.enqueuer.readyCount(), 2);
});
