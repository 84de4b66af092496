import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import {
  htmlUnavailable,
  internalError,
  internalErrorAfterBody,
  resetAtOnce,
  resetBeforeReply,
  resetMidBody,
  slowDown,
} from '../support/object-store/faults.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

test(
  'while a provider refuses connections its files wait at no charge, those of another go on, and all go on by themselves',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.addProfile('near', swift().url);
    const near = await swift().makeBucket();
    await proxy.refuse();
    for (let n = 0; n < 20; n++) pier.drop(`far-${n}.txt`, `far ${n}`);
    await using program = pier.serve({}, '--workers', '1');
    const { profile, reason } = await program.waitFor('bucket.closed');
    assert.equal(profile, 'lab');
    assert.match(String(reason), /the connection is refused \(ECONNREFUSED 127\.0\.0\.1:\d+\)/);
    for (let n = 0; n < 5; n++) pier.drop(`near-${n}.txt`, `near ${n}`, near, 'near');
    await pier.until(
      'the other provider has its files',
      () => pier.files('completed', near, 'near').length === 5,
    );
    assert.equal(pier.files('incoming').length, 20);
    assert.deepEqual(
      pier.attempts().filter(({ filepath }) => filepath.startsWith('far')),
      [],
    );
    assert.equal(proxy.requests.length, 0);
    await proxy.restore();
    await program.waitFor('bucket.open');
    await pier.until('all are uploaded', () => pier.files('completed').length === 20);
    assert.equal((await program.stop()).code, 0);
    assert.equal(program.log.filter(({ event }) => event === 'bucket.closed').length, 1);
    assert.deepEqual(
      pier.records().map(({ retries }) => retries),
      Array(25).fill(0),
    );
    await pier.assertAllUploadedOnce();
  },
);

test(
  'of many files at hand only those under way pay for a provider that goes away',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    for (let n = 0; n < 80; n++) pier.drop(`${n}.txt`, `content ${n}`);
    const pause = proxy.pauseAt({ method: 'PUT', path: /\/10\.txt\?/ });
    await using program = pier.serve({}, '--workers', '1');
    await pause.reached;
    await proxy.refuse();
    await program.waitFor('bucket.closed');
    await pier.until('the others are set aside', () => pier.jobs().every(({ state }) => state === 'delayed'));
    const failed = pier.attempts().filter(({ outcome }) => outcome === 'failure');
    // 16 at a time, and each may be followed by one more before the first failures are in.
    assert.ok(failed.length >= 1 && failed.length <= 32, `${failed.length} were tried in vain`);
    await proxy.restore();
    await pier.until('all are uploaded', () => pier.files('completed').length === 80);
    assert.equal((await program.stop()).code, 0);
    await pier.assertAllUploadedOnce();
  },
);

test(
  'each fault on the way of a small file costs it one attempt, and none sends it twice where it arrived',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    const faults = {
      'reset-at-once': [resetAtOnce, 2, /the connection was cut/],
      'reset-mid-body': [resetMidBody(MIB), 2, /the connection was cut/],
      'reset-before-reply': [resetBeforeReply, 1, /the connection was cut/],
      'slow-down': [slowDown, 2, /SlowDown, 503/],
      'html-503': [htmlUnavailable, 2, /status 503/],
      'internal-error': [internalError, 2, /InternalError, 500/],
      'error-after-body': [internalErrorAfterBody, 1, /InternalError, 500/],
    } as const;
    for (const [key, [fault]] of Object.entries(faults)) {
      pier.drop(key, randomBytes(key === 'reset-mid-body' ? 3 * MIB : 1000));
      proxy.fail({ method: 'PUT', path: new RegExp(`/${key}\\?`), times: 1 }, fault);
    }
    await using program = pier.serve();
    await pier.until('all are uploaded', () => pier.files('completed').length === 7);
    assert.equal((await program.stop()).code, 0);
    for (const [key, [, puts, error]] of Object.entries(faults)) {
      const sent = proxy.requests.filter(({ method, path }) => method === 'PUT' && path.includes(`/${key}?`));
      assert.equal(sent.length, puts, `PUTs of ${key}`);
      const attempts = pier.attempts(key);
      assert.deepEqual(
        attempts.map(({ number, outcome }) => [number, outcome]),
        [
          [1, 'failure'],
          [2, 'success'],
        ],
        key,
      );
      assert.match(attempts[0]?.error ?? '', error);
    }
    await pier.assertAllUploadedOnce();
  },
);
