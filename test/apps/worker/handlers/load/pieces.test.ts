import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cut } from '../../../../../apps/worker/handlers/load/begin.ts';

const files = (...sizes: number[]) => sizes.map((sizeBytes) => ({ sizeBytes }));
const sizesOf = (pieces: Iterable<{ sizeBytes: number }[]>): number[][] =>
  [...pieces].map((piece) => piece.map(({ sizeBytes }) => sizeBytes));

test('loads begin small, grow by half, and stay below their limit', () => {
  const pieces = cut(files(...Array.from({ length: 30 }, () => 10)), {
    files: 100,
    bytes: 80,
    firstBytes: 20,
  });
  assert.deepEqual(
    sizesOf(pieces).map(({ length }) => length),
    [2, 3, 4, 6, 8, 7],
  );
});

test('a file that is larger than its load may be is a load alone, and none is left out', () => {
  const limits = { files: 2, bytes: 50, firstBytes: 50 };
  assert.deepEqual(sizesOf(cut(files(70, 10, 10, 10, 60, 5), limits)), [[70], [10, 10], [10], [60], [5]]);
  assert.deepEqual(sizesOf(cut(files(), limits)), []);
});
