import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MAX_PARTS,
  MIN_PART_BYTES,
  partBytesAt,
  partBytesFor,
} from '../../../shared/object-store/part-sizes.ts';

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;

test('a content never needs more than 10,000 parts, nor has one smaller than a server takes', () => {
  for (const size of [1, 8 * MIB, 10_000 * 8 * MIB, 10_000 * 8 * MIB + 1, 5 * TIB]) {
    const part = partBytesFor(size, 8 * MIB);
    assert.ok(Math.ceil(size / part) <= MAX_PARTS);
    assert.ok(part >= 8 * MIB);
    assert.equal(part % MIB, 0);
  }
  assert.equal(partBytesFor(10_000 * 8 * MIB, 8 * MIB), 8 * MIB);
  assert.equal(partBytesFor(1, 1), MIN_PART_BYTES);
});

test('parts of a content of unknown size double every thousand, by their number alone', () => {
  const sizes = [1, 1000, 1001, 2000, 2001, 10_000].map((number) => partBytesAt(number, 8 * MIB, true) / MIB);
  assert.deepEqual(sizes, [8, 8, 16, 16, 32, 4096]);
  let total = 0;
  for (let number = 1; number <= MAX_PARTS; number++) total += partBytesAt(number, 8 * MIB, true);
  assert.ok(total > 5 * TIB);
  assert.equal(partBytesAt(9999, 8 * MIB, false), 8 * MIB);
});
