import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnShape } from '../../../../shared/tables/contract.ts';
import { ColumnShapes } from '../../../../shared/tables/csv/column-shapes.ts';
import { pick, randomFrom } from './random.ts';

const NULLS = ['', 'NA', '-', 'n,a'];
const SORTS: readonly (readonly string[])[] = [
  ['0', '7', '12345', '-3', 'NA', '', '123456789012345', '1234567890123456'],
  ['1.5', '.5', '-0.25', '1.2.3', '5', '-'],
  ['2024-01-31', '9999-99-99', 'NA'],
  ['2024-01-31 10:00:00', '2024-01-31T10:00:00', ''],
  [
    'x',
    'é',
    '1e5',
    '5-5',
    '--5',
    '2024-1-1',
    '2024-01-31 10:00',
    '+1',
    ' 7',
    'NAN',
    'n,a',
    'q"q',
    'l\nm',
    'l\rm',
  ],
];

test('the shape of a column is that of its cells, wherever the text is cut', () => {
  const random = randomFrom(11);
  let texts = 0;
  let withNulls = 0;
  for (let round = 0; round < 1500; round++) {
    const sorts = Array.from({ length: 3 }, () => pick(random, SORTS));
    const rows = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
      sorts.map((sort) => pick(random, random() < 0.03 ? pick(random, SORTS) : sort)),
    );
    const end = pick(random, ['\n', '\r\n', '\r']);
    const isQuoted = random() < 0.3;
    const text = rows.map((row) => row.map((cell) => written(cell, isQuoted)).join(',')).join(end);
    const found = shapesOf(`${text}${random() < 0.5 ? end : ''}`, () => 1 + Math.floor(random() * 20));
    const expected = sorts.map((_, column) => shapeOf(rows.map((row) => row[column] ?? '')));
    assert.deepEqual(found?.map(toldOf), expected.map(toldOf), JSON.stringify(text));
    if (found?.every(({ hasText }) => !hasText) === true && !isQuoted) {
      const all = rows.flat();
      const nulls = NULLS.filter((word) => all.includes(word));
      assert.deepEqual(nullsOf(text, end).sort(), nulls.sort(), JSON.stringify(text));
      withNulls += nulls.length;
    }
    texts += expected.filter(({ hasText }) => hasText).length;
  }
  assert.ok(texts > 500 && texts < 4000, String(texts));
  assert.ok(withNulls > 100, String(withNulls));
});

test('of a text with quotes that do not stand around whole cells nothing is known', () => {
  for (const text of ['1,"2"3\n', '1, "2"\n', '1,2"\n', '"1" ,2\n', '"1\n'])
    assert.equal(
      shapesOf(text, () => 100),
      undefined,
      text,
    );
  assert.notEqual(
    shapesOf('"1","2"\n', () => 100),
    undefined,
  );
});

test('cells beyond those of the header change nothing, and of very many columns nothing is known', () => {
  const shapes = new ColumnShapes(',', '"', NULLS);
  shapes.push(Buffer.from(`1,2${',x'.repeat(5000)}\n`));
  assert.deepEqual(
    shapes.finish(2)?.map(({ hasText }) => hasText),
    [false, false],
  );
  assert.equal(new ColumnShapes(',', '"', NULLS).finish(5000), undefined);
});

const written = (cell: string, isQuoted: boolean): string =>
  isQuoted || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

/** With text nobody asks for the rest. */
const toldOf = (shape: ColumnShape) => (shape.hasText ? 'text' : shape);

function shapesOf(text: string, size: () => number): ColumnShape[] | undefined {
  const shapes = new ColumnShapes(',', '"', NULLS);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    const next = at + size();
    shapes.push(bytes.subarray(at, next));
    at = next;
  }
  return shapes.finish(3);
}

function nullsOf(text: string, end: string): string[] {
  const shapes = new ColumnShapes(',', '"', NULLS);
  // As it comes behind a header.
  shapes.push(Buffer.from(`${end}${text}`));
  shapes.finish(3);
  return shapes.foundNulls(3);
}

const NUMBER = /^-?[0-9.]+$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const MOMENT = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d$/;

function shapeOf(cells: readonly string[]): ColumnShape {
  const meant = cells.filter((cell) => !NULLS.includes(cell));
  const numbers = meant.filter((cell) => NUMBER.test(cell));
  return {
    digits: numbers.reduce((bits, { length }) => bits | length, 0),
    hasPoints: numbers.some((cell) => cell.includes('.')),
    hasDays: meant.some((cell) => DAY.test(cell)),
    hasMoments: meant.some((cell) => MOMENT.test(cell)),
    hasText: meant.some((cell) => ![NUMBER, DAY, MOMENT].some((shape) => shape.test(cell))),
  };
}
