import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CopyBar, copyLine } from '../../../../apps/cli/copy/progress-bar.ts';

const HALF = { files: 3, bytes: 6_000_000, allFiles: 10, allBytes: 12_000_000 };

test('the bar says files, bytes, speed and the time left, as much as fits', () => {
  const line = copyLine(HALF, 2, 120);
  assert.match(line, /^█{15}░{15} 50% · 3\/10 files · 6\.0 MB of 12\.0 MB · 3\.0 MB\/s · 2 s left$/);
  for (let width = 20; width < 100; width += 1) assert.ok(copyLine(HALF, 2, width).length <= width);
  assert.match(copyLine(HALF, 2, 40), /50% · 3\/10 files$/);
});

test('empty files count by their number, and a file that grows is no more than all', () => {
  assert.match(copyLine({ files: 1, bytes: 0, allFiles: 4, allBytes: 0 }, 1, 100), / 25% · 1\/4 files/);
  assert.match(copyLine({ files: 1, bytes: 30, allFiles: 1, allBytes: 10 }, 1, 100), / 100% /);
});

test('a bar is drawn on a terminal alone, at most ten times a second, and taken away', () => {
  for (const isTerminal of [true, false]) {
    let written = '';
    let nowMs = 0;
    const write = (text: string) => {
      written += text;
    };
    const output = { isTerminal, columns: 80, write };
    const bar = new CopyBar(output, () => nowMs);
    for (; nowMs < 250; nowMs += 10) bar.show(HALF);
    bar.clear();
    bar.clear();
    assert.equal(written.split('50%').length - 1, isTerminal ? 3 : 0);
    assert.equal(written.endsWith('\r\x1b[K'), isTerminal);
  }
});
