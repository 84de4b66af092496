import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isStillWaiting,
  type Look,
  sidecarWriterWait,
  stabilityWait,
  writerWait,
} from '../../../../apps/discoverer/completion/rules.ts';
import { latestCtimeMs } from '../../../../shared/fs/latest-ctime.ts';

const NOW = 1_730_000_000_000;
const N = 10_000;

const look = (fields: Partial<Look> = {}): Look => ({
  fingerprint: 'f1',
  ctimeMs: NOW,
  trustsCtime: true,
  moment: { nowMs: NOW, steadyMs: Number.POSITIVE_INFINITY },
  candidate: undefined,
  ...fields,
});
const at = (nowMs: number, steadyMs = Number.POSITIVE_INFINITY) => ({ nowMs, steadyMs });
const seen = (fingerprint: string, observedMs: number, firstSeenMs = observedMs) => ({
  fingerprint,
  observedMs,
  firstSeenMs,
});

test('a file whose ctime is old enough is stable at the first sight', () => {
  assert.equal(stabilityWait(look({ ctimeMs: NOW - N }), N), undefined);
});

test('a younger one is due at the very moment at which it will be old enough', () => {
  assert.deepEqual(stabilityWait(look({ ctimeMs: NOW - N + 1 }), N), {
    waitsFor: 'stability',
    dueMs: NOW + 20,
  });
  assert.deepEqual(stabilityWait(look({ ctimeMs: NOW - 3000 }), N), {
    waitsFor: 'stability',
    dueMs: NOW + 7000,
  });
});

test('without a window every file is stable', () => {
  assert.equal(stabilityWait(look({ ctimeMs: NOW + 10 }), 0), undefined);
  assert.equal(stabilityWait(look({ trustsCtime: false }), 0), undefined);
});

test('a ctime that is a moment ahead is that of a file touched just now', () => {
  assert.deepEqual(stabilityWait(look({ ctimeMs: NOW + 900 }), N), {
    waitsFor: 'stability',
    dueMs: NOW + 900 + N,
  });
});

test('with a ctime in the future two observations decide, not the age', () => {
  const ctimeMs = NOW + 3_600_000;
  assert.deepEqual(stabilityWait(look({ ctimeMs }), N), { waitsFor: 'second-look', dueMs: NOW + N });
  const later = look({ ctimeMs, moment: at(NOW + N), candidate: seen('f1', NOW) });
  assert.equal(stabilityWait(later, N), undefined);
});

test('where ctime cannot be trusted even an old one needs two observations', () => {
  const old = { trustsCtime: false, ctimeMs: NOW - 1_000_000 };
  assert.deepEqual(stabilityWait(look(old), N), { waitsFor: 'second-look', dueMs: NOW + N });
  const half = look({ ...old, moment: at(NOW + 4000), candidate: seen('f1', NOW) });
  assert.deepEqual(stabilityWait(half, N), { waitsFor: 'second-look', dueMs: NOW + N });
  assert.equal(
    stabilityWait(look({ ...old, moment: at(NOW + N), candidate: seen('f1', NOW) }), N),
    undefined,
  );
});

test('a second observation that finds it changed is a first one', () => {
  const changed = look({ trustsCtime: false, moment: at(NOW + N), candidate: seen('f0', NOW) });
  assert.deepEqual(stabilityWait(changed, N), { waitsFor: 'second-look', dueMs: NOW + N + N });
});

test('an observation in the future was made by another clock and counts for nothing', () => {
  const look2 = look({ trustsCtime: false, candidate: seen('f1', NOW + 3_600_000) });
  assert.deepEqual(stabilityWait(look2, N), { waitsFor: 'second-look', dueMs: NOW + N });
});

test('after the clock was set forward no age counts for as long as a file has to be stable', () => {
  const old = { ctimeMs: NOW - 3_600_000 };
  assert.deepEqual(stabilityWait(look({ ...old, moment: at(NOW, 4000) }), N), {
    waitsFor: 'stability',
    dueMs: NOW + 6000,
  });
  assert.equal(stabilityWait(look({ ...old, moment: at(NOW, N) }), N), undefined);
  const observed = look({
    trustsCtime: false,
    moment: at(NOW, 4000),
    candidate: seen('f1', NOW - 3_600_000),
  });
  assert.deepEqual(stabilityWait(observed, N), { waitsFor: 'second-look', dueMs: NOW + 6000 });
});

test('no file is ever stable before its window is over, and looking when it is due is enough', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: -100_000, max: 1000 }),
      (stabilityMs, ctimeAfterNow) => {
        const ctimeMs = NOW + ctimeAfterNow;
        const wait = stabilityWait(look({ ctimeMs }), stabilityMs);
        if (wait === undefined) return NOW - ctimeMs >= stabilityMs;
        const dueMs = wait.dueMs ?? Number.NaN;
        return (
          dueMs > NOW &&
          dueMs <= NOW + 1000 + Math.max(stabilityMs, 20) &&
          stabilityWait(look({ ctimeMs, moment: at(dueMs) }), stabilityMs) === undefined
        );
      },
    ),
  );
});

test('an open file is looked at again after as long as it has waited, between half a second and half a minute', () => {
  const dueAfter = (waitedMs: number) =>
    (writerWait(look({ candidate: seen('f1', NOW, NOW - waitedMs) })).dueMs ?? 0) - NOW;
  assert.equal((writerWait(look()).dueMs ?? 0) - NOW, 500);
  assert.deepEqual([-5000, 10, 2000, 3_600_000].map(dueAfter), [500, 500, 2000, 30_000]);
  assert.equal(writerWait(look()).waitsFor, 'writer');
  assert.equal(sidecarWriterWait(look()).waitsFor, 'sidecar');
});

test('a file was touched up to a tick, or up to a second, after its ctime', () => {
  assert.equal(latestCtimeMs(1_730_000_000_123_999_999n), 1_730_000_000_133);
  assert.equal(latestCtimeMs(1_730_000_000_000_000_000n), 1_730_000_001_000);
});

test('a candidate that a scan meets untouched is left to its moment, and only then', () => {
  const waits = (fields: { fingerprint?: string; dueMs?: number | undefined }) =>
    isStillWaiting({ fingerprint: 'f1', dueMs: NOW + 5000, ...fields }, 'f1', NOW, N);
  assert.ok(waits({}));
  assert.ok(!waits({ fingerprint: 'f0' }), 'touched');
  assert.ok(!waits({ dueMs: NOW }), 'due');
  assert.ok(!waits({ dueMs: undefined }), 'without a moment');
  assert.ok(!waits({ dueMs: NOW + 3_600_000 }), 'a moment that a clock has set which was set back since');
});
