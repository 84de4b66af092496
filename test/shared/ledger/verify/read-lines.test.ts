import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readLines } from '../../../../shared/ledger/verify/read-lines.ts';
import { tempDir } from '../../../support/temp.ts';

function linesOf(context: TestContext, content: string, endBytes = content.length): string[] {
  const path = join(tempDir(context), 'lines');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  try {
    // Each is only good until the next is asked for.
    return Array.from(
      readLines(fd, endBytes),
      ({ line, offset, sizeBytes, bytes, ended }) =>
        `${line} ${offset}+${sizeBytes} ${bytes?.toString() ?? 'overlong'}${ended ? '' : '|'}`,
    );
  } finally {
    closeSync(fd);
  }
}

test('lines come with their number, their place and their end', (context) => {
  assert.deepEqual(linesOf(context, 'a\n\nbcd\nrest'), [
    '1 0+2 a\n',
    '2 2+1 \n',
    '3 3+4 bcd\n',
    '4 7+4 rest|',
  ]);
  assert.deepEqual(linesOf(context, ''), []);
});

test('nothing is read beyond the end that was given', (context) => {
  assert.deepEqual(linesOf(context, 'a\nbcd\n', 2), ['1 0+2 a\n']);
  assert.deepEqual(linesOf(context, 'a\nbcd\n', 4), ['1 0+2 a\n', '2 2+2 bc|']);
  assert.deepEqual(linesOf(context, 'a\n', 100), ['1 0+2 a\n']);
});

test('lines across the edges of the buffer come whole, and as many as there are', (context) => {
  const content = Array.from({ length: 30_000 }, (_, n) => `${n} ${'x'.repeat(n % 211)}\n`).join('');
  assert.ok(content.length > 3 << 20);
  const lines = linesOf(context, content);
  assert.equal(lines.length, 30_000);
  assert.equal(
    lines.at(-1),
    `30000 ${content.length - 6 - (29_999 % 211) - 1}+${6 + (29_999 % 211) + 1} 29999 ${'x'.repeat(29_999 % 211)}\n`,
  );
});

test('a line longer than any record is passed over in bounded memory', (context) => {
  const long = 'y'.repeat((5 << 19) + 17);
  const size = long.length + 1;
  assert.deepEqual(linesOf(context, `a\n${long}\nb\n`), [
    '1 0+2 a\n',
    `2 2+${size} overlong`,
    `3 ${2 + size}+2 b\n`,
  ]);
  assert.deepEqual(linesOf(context, long), [`1 0+${long.length} overlong|`]);
});
