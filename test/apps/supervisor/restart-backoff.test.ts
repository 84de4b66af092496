import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RestartBackoff } from '../../../apps/supervisor/restart-backoff.ts';

test('the delay doubles from a quarter of a second to half a minute', () => {
  const backoff = new RestartBackoff();
  const delays = Array.from({ length: 9 }, () => backoff.nextMs(1000));
  assert.deepEqual(delays, [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test('a minute of health makes the delay short again', () => {
  const backoff = new RestartBackoff();
  for (let death = 0; death < 5; death++) backoff.nextMs(59_999);
  assert.equal(backoff.nextMs(60_000), 250);
  assert.equal(backoff.nextMs(0), 500);
});

test('deaths without end never make the delay more than its longest', () => {
  const backoff = new RestartBackoff();
  for (let death = 0; death < 5000; death++) backoff.nextMs(0);
  assert.equal(backoff.nextMs(0), 30_000);
});
