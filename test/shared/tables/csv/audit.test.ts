import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { TextFault } from '../../../../shared/tables/csv/faults.ts';
import { TextAudit } from '../../../../shared/tables/csv/text-audit.ts';
import { DuckDbReader } from './duckdb-reader.ts';
import { DIALECT, opening } from './opening.ts';

test('records are counted with the header, and a header alone is no fault', async (t) => {
  const { open } = opening(t);
  assert.deepEqual((await open('a,b')).audit.records, 1);
  assert.deepEqual((await open('a,b\r\n')).audit.records, 1);
  assert.deepEqual((await open('a,b\n1,2\n\n3,4')).audit.records, 3);
});

test('a blank line of a file with one column is a record, as long as the empty cell means NULL', async (t) => {
  const { open } = opening(t);
  assert.equal((await open('a\n1\n\n2\n\n')).audit.records, 5);
  assert.equal((await open('a\n1\n\n2\n\n', { nulls: ['NA'] })).audit.records, 3);
  assert.equal((await open('\na\n1\n')).audit.records, 2);
  assert.equal((await open('\na\n1\n', { header: false })).audit.records, 3);
});

test('the hash is that of the bytes of the file, large or small', async (t) => {
  const { open } = opening(t);
  for (const lines of [1, 100_000, 400_000]) {
    const text = `a,b\n${'1,2\n'.repeat(lines)}`;
    const { audit } = await open(text);
    assert.equal(audit.sha256, createHash('sha256').update(text).digest('hex'));
    assert.deepEqual([audit.records, audit.isRegular], [lines + 1, true]);
  }
});

test('5,000 columns and a cell of 1 MiB are read', async (t) => {
  const { open } = opening(t);
  const names = Array.from({ length: 5_000 }, (_, index) => `column "${index}"`);
  const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
  assert.deepEqual((await open(`${header}\n${'1,'.repeat(4_999)}1\n`)).firstRecord, names);
  const cell = 'x,"'.repeat(350_000);
  const csv = await open(`"${cell.replaceAll('"', '""')}",b\n1,2\n`);
  assert.deepEqual(csv.firstRecord, [cell, 'b']);
});

const FIRST: readonly (readonly [record: string, cells: string[]])[] = [
  ['a,,b ', ['a', '', 'b ']],
  ['"a", "b" ,c', ['a', 'b', 'c']],
  ['5" pipe,"a""b"', ['5" pipe', 'a"b']],
  ['"a\r\nb",""', ['a\r\nb', '']],
];

for (const [record, cells] of FIRST) {
  test(`the cells of ${JSON.stringify(record)} are ${JSON.stringify(cells)}`, async (t) => {
    const { open } = opening(t);
    assert.deepEqual((await open(`\ufeff${record}\n1,2\n`)).firstRecord, cells);
  });
}

test('wherever the text is cut, the same is found', () => {
  const texts = ['a,b\r\n"x\r\n""y", "z"\r\n\r\n€,𝄞\r1,2', '\ufeff"é"x,b\n"" ,\n\n c', '\n\r\n"q",\'\n'].map(
    (text) => Buffer.from(text),
  );
  texts.push(
    Buffer.from('a,\xe2\x82\xac\n1,\xf0\x9f\xff\n', 'latin1'),
    Buffer.from('a,b\nlong enough\n1,\xe9', 'latin1'),
  );
  for (const text of texts) {
    const whole = found([text]);
    for (let first = 0; first <= text.length; first++)
      for (let second = first; second <= text.length; second++)
        assert.deepEqual(
          found([text.subarray(0, first), text.subarray(first, second), text.subarray(second)]),
          whole,
        );
    assert.deepEqual(found(Array.from(text, (byte) => Buffer.of(byte))), whole);
  }
});

function found(chunks: readonly Buffer[]): unknown {
  const audit = new TextAudit(DIALECT);
  try {
    for (const chunk of chunks) audit.push(chunk);
    const { scanner, ...facts } = audit.finish();
    const {
      records,
      blankLines,
      hasInnerBlankLine,
      hasQuotedLineEnd,
      lineFeeds,
      carriageReturns,
      pairs,
      longest,
      garbageAt,
    } = scanner;
    return {
      ...facts,
      records,
      blankLines,
      hasInnerBlankLine,
      hasQuotedLineEnd,
      lineFeeds,
      carriageReturns,
      pairs,
      longest,
      garbageAt,
    };
  } catch (error) {
    if (!(error instanceof TextFault)) throw error;
    return [error.code, error.offset];
  }
}

test('lines of a file of several chunks are found where it is not regular', async (t) => {
  const { open } = opening(t);
  const row = '"line\r\nend",2\r\n';
  const text = `a,b\r\n${row.repeat(100_000)}1,2\r\n`;
  const csv = await open(text);
  assert.equal(csv.audit.isRegular, false);
  assert.deepEqual(csv.linesOf([1, 2, 3, 80_000, 100_002]), [1, 2, 4, 159_998, 200_002]);
  assert.deepEqual(csv.linesAt([0, 5, text.length - 5, text.length]), [1, 2, 200_002, 200_003]);
  assert.deepEqual(csv.linesAt([]), []);
});

test('a file that DuckDB reads in several pieces has the rows that were counted', async (t) => {
  const { open, path } = opening(t);
  const reader = await DuckDbReader.open();
  t.after(() => reader.close());
  const plain = '12345,plain text\n'.repeat(300_000);
  const quoted = '"two\nlines, and ""quotes""",x\n'.repeat(300_000);
  writeFileSync(path, `a,b\n${plain}\n\n${quoted}"x"y,1\n1,2,3\n${plain}`);
  const csv = await open(undefined);
  const { rows, rejectsAt } = await reader.read(csv.readPath, DIALECT, true, 2);
  assert.equal(rows.length, 900_000);
  assert.equal(rejectsAt.length, 2);
  assert.equal(csv.audit.records, 900_003);
  assert.deepEqual(csv.linesAt(rejectsAt), [900_004, 900_005]);
});
