import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WakeRelay } from '../../../apps/supervisor/wake-relay.ts';

test('many wakes within a moment are one, and a later one is another', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let woken = 0;
  const relay = new WakeRelay(() => woken++);
  for (let wake = 0; wake < 100; wake++) relay.wake();
  assert.equal(woken, 0);
  t.mock.timers.tick(5);
  assert.equal(woken, 1);
  relay.wake();
  t.mock.timers.tick(5);
  assert.equal(woken, 2);
});

test('nobody is woken after stop', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let woken = 0;
  const relay = new WakeRelay(() => woken++);
  relay.wake();
  relay.stop();
  relay.stop();
  t.mock.timers.tick(1000);
  assert.equal(woken, 0);
});
