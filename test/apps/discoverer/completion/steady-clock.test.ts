import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SteadyClock } from '../../../../apps/discoverer/completion/steady-clock.ts';

function turned() {
  let [wallMs, monotonicMs] = [1_000_000, 5000];
  const clock = new SteadyClock({ nowMs: () => wallMs, monotonicMs: () => monotonicMs });
  const pass = (ms: number) => {
    wallMs += ms;
    monotonicMs += ms;
  };
  const step = (ms: number) => {
    wallMs += ms;
  };
  return { clock, pass, step };
}

test('a clock that never jumped has always been steady', () => {
  const { clock, pass } = turned();
  assert.deepEqual(clock.read(), { nowMs: 1_000_000, steadyMs: Number.POSITIVE_INFINITY });
  pass(3_600_000);
  assert.deepEqual(clock.read(), { nowMs: 4_600_000, steadyMs: Number.POSITIVE_INFINITY });
});

test('after it was set forward it has been steady since it was read first', () => {
  const { clock, pass, step } = turned();
  pass(1000);
  step(60_000);
  assert.equal(clock.read().steadyMs, 0);
  pass(700);
  assert.equal(clock.read().steadyMs, 700);
});

test('a process that is held up between two looks at the clocks has seen no jump', () => {
  let ms = 0;
  const heldUp = () => {
    ms += 1000;
    return ms;
  };
  const clock = new SteadyClock({ nowMs: heldUp, monotonicMs: heldUp });
  for (let i = 0; i < 10; i++) assert.equal(clock.read().steadyMs, Number.POSITIVE_INFINITY);
});

test('slewing and setting back are no jumps forward', () => {
  const { clock, step } = turned();
  for (let i = 0; i < 10; i++) {
    step(100);
    assert.equal(clock.read().steadyMs, Number.POSITIVE_INFINITY);
  }
  step(-60_000);
  assert.equal(clock.read().steadyMs, Number.POSITIVE_INFINITY);
});
