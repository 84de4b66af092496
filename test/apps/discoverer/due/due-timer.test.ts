import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DueTimer } from '../../../../apps/discoverer/due/due-timer.ts';

const LONG_MS = 100_000_000;
const never = new AbortController().signal;

test('what is due sooner ends the wait, what is due later does not', { timeout: 10_000 }, async () => {
  const timer = new DueTimer();
  let ended = false;
  const wait = timer.wait(1000, LONG_MS, never).then(() => {
    ended = true;
  });
  timer.consider(1000 + LONG_MS);
  await new Promise(setImmediate);
  assert.equal(ended, false);
  timer.consider(2000);
  await wait;
});

test('what was found before the first wait ends it', { timeout: 10_000 }, async () => {
  const timer = new DueTimer();
  timer.consider(2000);
  await timer.wait(1000, LONG_MS, never);
});

test('a wait ends by itself, and when it is aborted', { timeout: 10_000 }, async () => {
  const timer = new DueTimer();
  await timer.wait(1000, 1, never);
  const stop = new AbortController();
  const wait = timer.wait(1000, LONG_MS, stop.signal);
  stop.abort();
  await wait;
  await timer.wait(1000, LONG_MS, stop.signal);
});
