import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveLine } from '../../../../apps/supervisor/terminal/live-line.ts';
import type { Stderr } from '../../../../apps/supervisor/terminal/stderr.ts';

const CLEAR = '\r\x1b[2K';

function terminal(width = 40) {
  const writes: string[] = [];
  const stderr: Stderr = { isTerminal: true, width: () => width, write: (text) => void writes.push(text) };
  return { writes, stderr };
}

test('the line is rewritten in place four times a second, and never ends in a newline', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { writes, stderr } = terminal();
  let count = 0;
  const live = new LiveLine(stderr, () => `count ${++count}`);
  live.start();
  live.start();
  t.mock.timers.tick(500);
  assert.deepEqual(writes, [`${CLEAR}count 1`, `${CLEAR}count 2`, `${CLEAR}count 3`]);
  live.stop();
});

test('a log line takes the live line away, is printed, and has the live line below it, in one write', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { writes, stderr } = terminal();
  const live = new LiveLine(stderr, () => 'alive');
  live.write('before\n');
  live.start();
  live.write('between\n');
  live.stop();
  live.stop();
  live.write('after\n');
  assert.deepEqual(writes, ['before\n', `${CLEAR}alive`, `${CLEAR}between\nalive`, CLEAR, 'after\n']);
});

test('the last column of the terminal stays free', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const widths: number[] = [];
  const live = new LiveLine(terminal(40).stderr, (width) => String(widths.push(width)));
  live.start();
  live.stop();
  assert.deepEqual(widths, [39]);
});

test('at the end the line can be left where it is, as it is then', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { writes, stderr } = terminal();
  let count = 0;
  const live = new LiveLine(stderr, () => `count ${++count}`);
  live.finish();
  live.start();
  live.finish();
  live.finish();
  live.stop();
  live.write('after\n');
  assert.deepEqual(writes, [`${CLEAR}count 1`, `${CLEAR}count 2`, '\n', 'after\n']);
});
