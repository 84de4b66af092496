import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, unlinkSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { PlainCsv } from '../../../../shared/tables/contract.ts';
import { type Given, opening } from './opening.ts';

const textOf = (csv: PlainCsv): string => readFileSync(csv.readPath, 'utf8');

const COPIES: readonly (readonly [what: string, content: string | Buffer, given: Given, text: string])[] = [
  ['gzip under any name', gzipSync('a,b\n1,2\n'), {}, 'a,b\n1,2\n'],
  [
    'gzip of several members, and zeros behind',
    Buffer.concat([gzipSync('a,b\n1,'), gzipSync('2\n'), Buffer.alloc(600)]),
    {},
    'a,b\n1,2\n',
  ],
  [
    'gzip of several members, in small pieces',
    Buffer.concat([gzipSync('a,b\n1,'), gzipSync('2\n'), Buffer.alloc(600)]),
    { chunkBytes: 5 },
    'a,b\n1,2\n',
  ],
  ['UTF-16', Buffer.from('\ufeffa,b\né,𝄞\n', 'utf16le'), { encoding: 'utf-16' }, 'a,b\né,𝄞\n'],
  [
    'UTF-16 with the big end first, in small pieces',
    Buffer.from('\ufeffa,b\né,𝄞\n', 'utf16le').swap16(),
    { encoding: 'utf-16', chunkBytes: 3 },
    'a,b\né,𝄞\n',
  ],
  ['UTF-16 without a mark', Buffer.from('a,b\né,𝄞\n', 'utf16le'), { encoding: 'utf-16' }, 'a,b\né,𝄞\n'],
  [
    'UTF-16 in gzip',
    gzipSync(Buffer.from('\ufeffa,b\né,2\n', 'utf16le')),
    { encoding: 'utf-16' },
    'a,b\né,2\n',
  ],
  ['latin-1', Buffer.from('a,b\ncaf\xe9,\xa0\n', 'latin1'), { encoding: 'latin-1' }, 'a,b\ncafé,\u00a0\n'],
  ['mixed line ends', 'a,b\r\n1,"x\r\ny"\n3,4\r5,"\r"\r\n', {}, 'a,b\n1,"x\r\ny"\n3,4\n5,"\r"\n'],
  ['mixed line ends in gzip', gzipSync('a,b\r\n1,2\n'), {}, 'a,b\n1,2\n'],
  ['mixed line ends behind a byte order mark', '\ufeffa,b\r\n1,2\n', {}, 'a,b\n1,2\n'],
  ['blank lines before the header', '\n\na,b\n\n1,2\n', {}, 'a,b\n\n1,2\n'],
  ['a header with another line end in it', 'a,"b\r\nc"\n1,2\n', {}, 'a,"b c"\n1,2\n'],
  [
    'a first record with another line end in it',
    'a,"b\r\nc"\n1,2\n',
    { header: false },
    '\na,"b\r\nc"\n1,2\n',
  ],
];

for (const [what, content, given, text] of COPIES) {
  test(`of ${what} a plain copy is read, which has no name`, async (t) => {
    const { open, directory } = opening(t);
    const csv = await open(content, given);
    assert.equal(textOf(csv), text);
    assert.equal(csv.sizeBytes, Buffer.byteLength(content));
    assert.deepEqual(readdirSync(directory), ['file.csv']);
  });
}

for (const end of ['\n', '\r\n', '\r']) {
  test(`a file with ${JSON.stringify(end)} everywhere is read itself, wherever its name goes`, async (t) => {
    const { open, path } = opening(t);
    const text = `\ufeffa,b${end}1,2${end}`;
    const csv = await open(text);
    renameSync(path, `${path}.moved`);
    assert.equal(textOf(csv), text);
    unlinkSync(`${path}.moved`);
    assert.equal(textOf(csv), text);
    assert.deepEqual(csv.firstRecord, ['a', 'b']);
  });
}

test('the header of a copy is told as it was written, and lines are those of the file', async (t) => {
  const { open } = opening(t);
  const csv = await open('\n\n"a\r\nb",c\n1,2\n\n3\n"x\ny",4\n5\n');
  assert.deepEqual(csv.firstRecord, ['a\r\nb', 'c']);
  assert.deepEqual(csv.linesOf([1, 2, 3, 4, 5]), [3, 5, 7, 8, 10]);
  const text = textOf(csv);
  assert.deepEqual(csv.linesAt([text.indexOf('1,2'), text.indexOf('3\n'), text.indexOf('5\n')]), [5, 7, 10]);
});

test('where nothing can mend what misleads the reader, it is a fault', async (t) => {
  const { fault } = opening(t);
  assert.equal((await fault('"a\r\nb"\nc\n', { header: false })).code, 'load.line_ends');
});

test('closing gives the descriptor back, and may be done twice', async (t) => {
  const { open } = opening(t);
  const before = readdirSync('/proc/self/fd').length;
  for (const content of ['a\n1\n', gzipSync('a\n1\r\n2\n')]) {
    const csv = await open(content);
    assert.equal(readdirSync('/proc/self/fd').length, before + 1);
    csv.close();
    csv.close();
    assert.equal(readdirSync('/proc/self/fd').length, before);
  }
});
