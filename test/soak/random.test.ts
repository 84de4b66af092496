import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from './random.ts';

const draw = (random: Random): number[] => Array.from({ length: 5 }, () => random.fraction());

test('the same seed chooses the same, another seed something else', () => {
  assert.deepEqual(draw(new Random(42)), draw(new Random(42)));
  assert.notDeepEqual(draw(new Random(42)), draw(new Random(43)));
});

test('a fork does not depend on what was drawn before it, and differs from its sisters', () => {
  const used = new Random(42);
  draw(used);
  assert.deepEqual(draw(used.fork('a')), draw(new Random(42).fork('a')));
  assert.notDeepEqual(draw(used.fork('a')), draw(used.fork('b')));
});

test('whole numbers include both ends and nothing beyond', () => {
  const random = new Random(1);
  const drawn = new Set(Array.from({ length: 200 }, () => random.whole(3, 5)));
  assert.deepEqual([...drawn].sort(), [3, 4, 5]);
});
