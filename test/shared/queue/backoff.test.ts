import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs } from '../../../shared/queue/backoff.ts';

const backoff = { baseMs: 500, capMs: 10_000 };

test('the bound doubles with each attempt, up to the cap', () => {
  const bounds = [0, 1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(attempt, backoff, () => 1));
  assert.deepEqual(bounds, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test('the wait is anything from nothing to the bound: full jitter', () => {
  const waits = [0, 0.25, 0.5, 0.75, 1].map((random) => backoffMs(2, backoff, () => random));
  assert.deepEqual(waits, [0, 500, 1_000, 1_500, 2_000]);
});

test('the wait is a whole number of milliseconds within the cap, however many attempts there were', () => {
  const natural = fc.nat({ max: 1_000_000 });
  fc.assert(
    fc.property(
      natural,
      natural,
      natural,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, baseMs, capMs, random) => {
        const waitMs = backoffMs(attempt, { baseMs, capMs }, () => random);
        assert.ok(Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= capMs, String(waitMs));
      },
    ),
  );
});
