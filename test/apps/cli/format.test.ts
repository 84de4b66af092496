import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressLine } from '../../../apps/cli/format/progress.ts';
import { table } from '../../../apps/cli/format/table.ts';
import {
  bytes,
  count,
  duration,
  escapeControls,
  moment,
  pathFields,
  plural,
} from '../../../apps/cli/format/text.ts';
import { type BytePath, fromText } from '../../../shared/fs/byte-path.ts';

test('numbers have separators, and bytes a unit of at most three digits', () => {
  assert.deepEqual([count(1234567), count(1234.56, 1), count(0)], ['1,234,567', '1,234.6', '0']);
  assert.deepEqual([0, 999, 1000, 1549, 99_499, 99_500, 999_499, 999_500, 1.5e12].map(bytes), [
    '0 B',
    '999 B',
    '1.0 KB',
    '1.5 KB',
    '99.5 KB',
    '100 KB',
    '999 KB',
    '1.0 MB',
    '1.5 TB',
  ]);
  assert.deepEqual(
    [plural(1, 'file'), plural(2, 'file'), plural(0, 'entry', 'entries')],
    ['1 file', '2 files', '0 entries'],
  );
});

test('durations have two units at most', () => {
  assert.deepEqual([0, 59.4, 60, 200, 3600, 7500, 86_400, 100_000].map(duration), [
    '0 s',
    '59 s',
    '1 min',
    '3 min 20 s',
    '1 h',
    '2 h 5 min',
    '1 d',
    '1 d 3 h',
  ]);
  assert.equal(moment(0), '1970-01-01 00:00:00 UTC');
});

test('what would move the cursor, end a line or turn the text around is escaped, and nothing else', () => {
  assert.equal(escapeControls('a\n\t\x1b[2J\x7f\u0085\u202eb'), 'a\\n\\t\\u{1b}[2J\\u{7f}\\u{85}\\u{202e}b');
  assert.equal(escapeControls('größe 大小 🙂'), 'größe 大小 🙂');
});

test('a path that is not UTF-8 has its bytes beside its text', () => {
  assert.deepEqual(pathFields('path', fromText('/ü')), { path: '/ü' });
  assert.deepEqual(pathFields('path', '/\xff' as BytePath), { path: '/\ufffd', path_base64: 'L/8=' });
  assert.deepEqual(pathFields('path', undefined), { path: null });
});

test('a table lines up, numbers to the right, without spaces at the ends', () => {
  assert.equal(
    table(
      [
        ['name', 'n', ''],
        ['a', '1,000', 'x'],
        ['longer', '5'],
      ],
      [1],
    ),
    'name        n\na       1,000  x\nlonger      5\n',
  );
  assert.equal(table([]), '');
});

test('progress is shown to a terminal alone, not too often, and goes before anything else is written', () => {
  let [written, nowMs] = ['', 0];
  const output = (isTerminal: boolean) => ({
    isTerminal,
    columns: 80,
    write: (text: string) => (written += text),
  });
  const silent = new ProgressLine(output(false), () => nowMs);
  silent.show('files', 1, 2);
  silent.clear();
  assert.equal(written, '');
  const line = new ProgressLine(output(true), () => nowMs);
  line.show('files', 1000, 2000);
  line.show('files', 1001, 2000);
  nowMs = 100;
  line.show('warehouse', 5, undefined);
  line.clear();
  line.clear();
  assert.equal(written, '\r\x1b[Kfiles: 1,000 of 2,000\r\x1b[Kwarehouse: 5\r\x1b[K');
});
