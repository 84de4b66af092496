import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Slots } from '../../../shared/object-store/slots.ts';

const signal = new AbortController().signal;

test('so many run at a time, and the others in the order in which they came', async () => {
  const slots = new Slots(2);
  const started: number[] = [];
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const runs = ends.map(({ promise }, index) =>
    slots.run(signal, async () => {
      started.push(index);
      await promise;
      return index;
    }),
  );
  assert.deepEqual(started, [0, 1]);
  ends[1]?.resolve();
  assert.equal(await runs[1], 1);
  assert.deepEqual(started, [0, 1, 2]);
  for (const { resolve } of ends) resolve();
  assert.deepEqual(await Promise.all(runs), [0, 1, 2, 3]);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('who is aborted while waiting takes no slot, and a task that fails gives its back', async () => {
  const slots = new Slots(1);
  const end = Promise.withResolvers<void>();
  const first = slots.run(signal, () => end.promise);
  const stop = new AbortController();
  const ran: string[] = [];
  const second = slots.run(stop.signal, async () => void ran.push('second'));
  const third = slots.run(signal, async () => void ran.push('third'));
  const reason = new Error('stop');
  stop.abort(reason);
  assert.equal(await second.catch((error: unknown) => error), reason);
  end.reject(new Error('failed'));
  await assert.rejects(first, /failed/);
  await third;
  await slots.run(signal, async () => void ran.push('fourth'));
  assert.deepEqual(ran, ['third', 'fourth']);
});
