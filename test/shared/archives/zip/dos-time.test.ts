import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromDosTime, toDosTime } from '../../../../shared/archives/zip/dos-time.ts';

test('a time is kept to two seconds, in UTC', () => {
  const ms = Date.UTC(2024, 10, 2, 23, 59, 58);
  assert.equal(toDosTime(ms), 0x5962bf7d);
  assert.equal(fromDosTime(0x5962bf7d), ms);
  assert.equal(fromDosTime(toDosTime(ms + 1999)), ms);
});

test('what the format cannot hold is the nearest that it can', () => {
  assert.equal(fromDosTime(toDosTime(-1)), Date.UTC(1980, 0, 1));
  assert.equal(fromDosTime(toDosTime(2 ** 50)), Date.UTC(2107, 11, 31, 23, 59, 58));
});

test('a date of zeros, as some programs write it, is the first of 1980', () => {
  assert.equal(fromDosTime(0), Date.UTC(1980, 0, 1));
});
