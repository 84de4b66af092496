import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { forwardLines } from '../../../apps/supervisor/forward-lines.ts';

test('only whole lines are passed on, whatever the chunks, and the rest at the end', async () => {
  const stream = new PassThrough();
  const written: string[] = [];
  forwardLines([stream, null], (lines) => written.push(lines));
  const anchor = Buffer.from('⚓\n');
  for (const chunk of ['a', 'b\nc\nd', anchor.subarray(0, 2), anchor.subarray(2), 'tail']) {
    stream.write(chunk);
    await new Promise(setImmediate);
  }
  stream.end();
  await once(stream, 'end');
  assert.deepEqual(written, ['ab\nc\n', 'd⚓\n', 'tail\n']);
});

test('a line without end is passed on in pieces instead of being kept', async () => {
  const stream = new PassThrough();
  const written: string[] = [];
  forwardLines([stream], (lines) => written.push(lines));
  for (let part = 0; part < 40; part++) stream.write('x'.repeat(1 << 16));
  await new Promise(setImmediate);
  assert.ok(written.length >= 1);
  assert.ok(written.every((lines) => lines.endsWith('\n')));
});
