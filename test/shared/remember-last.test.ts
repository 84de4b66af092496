import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rememberLast } from '../../shared/remember-last.ts';

test('what is asked again and again is worked out once', () => {
  const asked: number[] = [];
  const twice = rememberLast((number: number) => {
    asked.push(number);
    return 2 * number;
  });
  assert.deepEqual([twice(1), twice(1), twice(1)], [2, 2, 2]);
  assert.deepEqual(asked, [1]);
});

test('another argument has its own answer, and the one before is forgotten', () => {
  const asked: number[] = [];
  const twice = rememberLast((number: number) => {
    asked.push(number);
    return 2 * number;
  });
  assert.deepEqual([twice(1), twice(2), twice(2), twice(1)], [2, 4, 4, 2]);
  assert.deepEqual(asked, [1, 2, 1]);
});

test('an argument and an answer of undefined are remembered like others', () => {
  let asked = 0;
  const work = rememberLast((_: undefined) => {
    asked += 1;
    return undefined;
  });
  work(undefined);
  work(undefined);
  assert.equal(asked, 1);
});

test('a failure is no answer: it is asked again, and what was remembered before it stays', () => {
  const asked: number[] = [];
  const inverse = rememberLast((number: number) => {
    asked.push(number);
    if (number === 0) throw new RangeError('nothing is the inverse of 0');
    return 1 / number;
  });
  assert.equal(inverse(4), 0.25);
  for (let n = 0; n < 2; n++) assert.throws(() => inverse(0), RangeError);
  assert.equal(inverse(4), 0.25);
  assert.deepEqual(asked, [4, 0, 0]);
});

test('two functions do not remember for each other', () => {
  const [same, twice] = [rememberLast((number: number) => number), rememberLast((n: number) => 2 * n)];
  assert.deepEqual([same(3), twice(3)], [3, 6]);
});
