import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { LoadSink } from '../../../../shared/config/settings.ts';
import { sniffDialect } from '../../../../shared/tables/engine/dialect.ts';
import { tempDir } from '../../../support/temp.ts';

const DECLARED: LoadSink['declared'] = { nulls: [], header: true, encoding: 'utf-8', key: [] };

const FILES: readonly (readonly [string, string | Buffer, string, Partial<LoadSink['declared']>?])[] = [
  ['commas', 'a,b\n1,2\n', ','],
  ['semicolons with decimal commas', 'a;b;c\n1,5;2,5;3,5\n1,0;2,0;3,1\n', ';'],
  ['tabs', 'a\tb\r\n1\t2\r\n', '\t'],
  ['bars', 'a|b|c\n"1,1|1,1"|2|3\n', '|'],
  ['ragged rows', 'a,b,c\n1,"x\ny"\n\n2,3,4,5\n3,4,5\n1|2,3,4\n', ','],
  ['delimiters in quotes', '"a;b;c","d"\n"1;2;3","x"\n', ','],
  ['one column', 'a\n1\n', ','],
  ['nothing', '', ','],
  ['a header without a line end', 'a;b', ';'],
  ['gzip', gzipSync('a;b\n1;2\n'), ';'],
  ['a stream of gzip that is cut', gzipSync('a;b\n1;2\n'.repeat(1000)).subarray(0, 60), ';'],
  ['UTF-16', Buffer.from('\ufeffa;b\n1;2\n', 'utf16le'), ';', { encoding: 'utf-16' }],
  ['UTF-16, big end first', Buffer.from('\ufeffa;b\n1;2\n', 'utf16le').swap16(), ';', { encoding: 'utf-16' }],
  ['latin-1', Buffer.from('ä;ö\nü;ß\n', 'latin1'), ';', { encoding: 'latin-1' }],
  ['a declared delimiter', 'a,b\n', '~', { delimiter: '~' }],
];

for (const [name, content, delimiter, more] of FILES)
  test(`the delimiter of a file is found: ${name}`, async (t) => {
    const path = join(tempDir(t), 'a.csv');
    writeFileSync(path, content);
    assert.deepEqual(await sniffDialect(path, { ...DECLARED, ...more }), { delimiter, quote: '"' });
  });
