import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { takeStopSignals } from '../../../apps/cli/stop-signal.ts';

/** Signals, a clock and an exit in the test's hands. */
function process(withinMs?: number) {
  let nowMs = 0;
  const exited = Promise.withResolvers<void>();
  const signals = new EventEmitter();
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const stop = takeStopSignals({ signals, clock, exit: exited.resolve }, withinMs);
  const at = (ms: number, signal: 'SIGINT' | 'SIGTERM') => {
    nowMs = ms;
    signals.emit(signal, signal);
  };
  return { stop, exited: exited.promise, at };
}

test('the first signal aborts and the second one exits', async () => {
  const { stop, exited, at } = process();
  assert.equal(stop.aborted, false);
  at(0, 'SIGTERM');
  await once(stop, 'abort');
  at(1000, 'SIGINT');
  await exited;
});

test('a stop that takes longer than it may exits', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { stop, exited, at } = process(10_000);
  at(0, 'SIGINT');
  await once(stop, 'abort');
  t.mock.timers.tick(9_999);
  assert.equal(await Promise.race([exited.then(() => 'exited'), 'not yet']), 'not yet');
  t.mock.timers.tick(1);
  await exited;
});
