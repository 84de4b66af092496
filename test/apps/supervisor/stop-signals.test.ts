import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { StopSignals } from '../../../apps/supervisor/stop-signals.ts';

function listening() {
  const source = new EventEmitter();
  const time = { nowMs: 0 };
  const signals = new StopSignals(source, () => time.nowMs);
  let second: string | undefined;
  void signals.second.then((signal) => {
    second = signal;
  });
  const secondSignal = async () => {
    await new Promise(setImmediate);
    return second;
  };
  return { source, time, signals, secondSignal };
}

test('SIGINT and SIGTERM are both a request to stop, and one of each makes two', async () => {
  const { source, time, signals, secondSignal } = listening();
  source.emit('SIGTERM', 'SIGTERM');
  assert.equal(await signals.first, 'SIGTERM');
  time.nowMs = 1000;
  source.emit('SIGINT', 'SIGINT');
  assert.equal(await secondSignal(), 'SIGINT');
});

test('a signal that npm passes on a moment later is the same request', async () => {
  const { source, time, signals, secondSignal } = listening();
  source.emit('SIGINT', 'SIGINT');
  time.nowMs = 150;
  source.emit('SIGINT', 'SIGINT');
  await signals.first;
  assert.equal(await secondSignal(), undefined);
  time.nowMs = 300;
  source.emit('SIGINT', 'SIGINT');
  assert.equal(await secondSignal(), 'SIGINT');
});

test('after close the signals have nobody listening, also when it is closed twice', () => {
  const { source, signals } = listening();
  signals.close();
  signals.close();
  assert.deepEqual(source.eventNames(), []);
});
