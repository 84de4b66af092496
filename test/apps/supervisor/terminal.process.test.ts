import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event, NO_STATS, RecordedStderr, startSupervisor } from './harness.ts';

const ESCAPE = '\x1b';

test('without a terminal there is not one escape sequence', async (t) => {
  const run = startSupervisor(t, {}, { once: true });
  await run.exit;
  assert.equal(run.stderr.text.includes(ESCAPE), false);
});

test('on a terminal one live line stands below the log, and the lines of children go above it', async (t) => {
  const stderr = new RecordedStderr();
  stderr.isTerminal = true;
  const stats = { ...NO_STATS, depth: 512, candidates: 3 };
  const run = startSupervisor(
    t,
    { 'worker-1': { prints: 'one line\nand another\nno newline', diesBySignal: 'SIGKILL', lives: 1 } },
    {},
    { stderr, readStats: () => stats },
  );
  await run.stderr.until(event('worker.died'));
  run.signals.emit('SIGINT', 'SIGINT');
  await run.exit;
  const screen = play(stderr.text);
  assert.ok(
    screen.includes('one line') && screen.includes('and another') && screen.includes('no newline'),
    screen.join('\n'),
  );
  assert.equal(
    screen.some((line) => line.includes('⚓')),
    false,
    'the live line is gone at the end',
  );
  assert.match(stderr.text, /⚓ 0 committed · 0 files\/s · 0 B\/s · queue 512 · waiting 3/);
  for (const line of screen)
    assert.ok(
      line === '' || line.startsWith('{"level"') || /^(one line|and another|no newline)$/.test(line),
      line,
    );
});

test('a once run on a terminal shows a bar', async (t) => {
  const stderr = new RecordedStderr();
  stderr.isTerminal = true;
  const run = startSupervisor(t, {}, { once: true }, { stderr });
  await run.exit;
  assert.match(stderr.text, /⚓ [█░]+ 0% · 0\/0 files · looking for more/);
  assert.match(stderr.text, /⚓ █+ 100% · 6\/6 files · 0s left[^\n]*\n\{/, 'it stays when all is done');
});

/** What a person sees in the end: carriage return and "erase line" are all the terminal has to know. */
function play(text: string): string[] {
  const lines = [''];
  for (const part of text.replaceAll(`\r${ESCAPE}[2K`, '\r').split(/(\r|\n)/)) {
    if (part === '\n') lines.push('');
    else if (part === '\r') lines[lines.length - 1] = '';
    else lines[lines.length - 1] += part;
  }
  return lines;
}
