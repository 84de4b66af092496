import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { linesAt, linesAtInTurns, linesOf, recordLines } from '../../../../shared/tables/csv/lines.ts';
import { tempDir } from '../../../support/temp.ts';

const TEXTS = [
  'a,b\n1,2\n3,4\n',
  'a,b\r\n"x\r\ny",2\r\n\r\n3,4',
  'a\r"1\r2"\r\r3\r',
  '\n\na,b\n"x\n\n",y\n\n\n"q""\n",1',
  '',
  '\n',
  'a',
];

test('the lines of all records are the same in one pass, however the text is cut', async (t) => {
  const directory = tempDir(t);
  for (const [index, text] of TEXTS.entries())
    for (const countsBlankLines of [false, true])
      for (const chunkBytes of [1, 2, 3, 7, 1024]) {
        const path = join(directory, `${index}.csv`);
        writeFileSync(path, text);
        const fd = openSync(path, 'r');
        const dialect = { delimiter: ',', quote: '"' };
        const whole = { fd, start: 0, dialect, countsBlankLines, chunkBytes };
        const lines: number[] = [];
        for await (const part of recordLines(whole, new AbortController().signal)) lines.push(...part);
        const records = Array.from({ length: lines.length + 1 }, (_, nth) => nth + 1);
        assert.deepEqual(
          lines,
          linesOf(whole, records),
          JSON.stringify({ text, countsBlankLines, chunkBytes }),
        );
        const offsets = Array.from(text, (_, offset) => offset);
        const place = { skipsLineEnds: true };
        assert.deepEqual(await linesAtInTurns(whole, offsets, place), linesAt(whole, offsets, place));
        closeSync(fd);
      }
});
