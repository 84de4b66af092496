import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Run, runsOf } from '../../../shared/queue/runs.ts';

const CASES: Record<string, { numbers: number[]; runs: Run[] }> = {
  'of no numbers there are no runs': { numbers: [], runs: [] },
  'a number alone is a run of one': { numbers: [7], runs: [{ first: 7, last: 7, length: 1 }] },
  'numbers with gaps between them are a run each': {
    numbers: [1, 3, 5],
    runs: [1, 3, 5].map((number) => ({ first: number, last: number, length: 1 })),
  },
  'numbers in any order make the same runs, which ascend as numbers and not as text': {
    numbers: [11, 2, 10, 1, 9, 100],
    runs: [
      { first: 1, last: 2, length: 2 },
      { first: 9, last: 11, length: 3 },
      { first: 100, last: 100, length: 1 },
    ],
  },
};

for (const [name, { numbers, runs }] of Object.entries(CASES)) {
  test(name, () => assert.deepEqual(runsOf(numbers), runs));
}

test('the numbers that are given stay in their order', () => {
  const numbers = [3, 1, 2];
  runsOf(numbers);
  assert.deepEqual(numbers, [3, 1, 2]);
});

test('the runs hold exactly the numbers, and no two of them could be one', () => {
  // From few numbers, so that many are neighbours.
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: -20, max: 40 })), (numbers) => {
      const runs = runsOf(numbers);
      const held = runs.flatMap(({ first, length }) => Array.from({ length }, (_, n) => first + n));
      assert.deepEqual(
        held,
        numbers.toSorted((a, b) => a - b),
      );
      for (const { first, last, length } of runs) assert.equal(last - first + 1, length);
      const starts = numbers.filter((number) => !numbers.includes(number - 1));
      assert.equal(runs.length, starts.length);
    }),
  );
});
