import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest, show } from '../../../shared/config/words.ts';

const KNOWN = ['start', 'queue', 'warn', 'stability_seconds', 'mode'];

for (const [given, meant] of [
  ['strat', 'start'],
  ['queu', 'queue'],
  ['Queue', 'queue'],
  ['warning', 'warn'],
  ['stability', 'stability_seconds'],
  ['stabilityseconds', 'stability_seconds'],
  ['home', undefined],
  ['st', undefined],
  ['', undefined],
] as const) {
  test(`${JSON.stringify(given)} is taken for ${meant ?? 'nothing known'}`, () => {
    assert.equal(nearest(given, KNOWN), meant);
  });
}

test('a value is shown on one line, whatever it is', () => {
  assert.deepEqual(['a\nb', 3, true, null, undefined, [], [1], {}].map(show), [
    '"a\\nb"',
    '3',
    'true',
    'nothing',
    'nothing',
    'an empty list',
    'a list',
    'a mapping',
  ]);
});
