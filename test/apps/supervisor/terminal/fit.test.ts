import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatCount, formatDuration } from '../../../../apps/supervisor/terminal/figures.ts';
import { columnsOf, fitParts } from '../../../../apps/supervisor/terminal/fit.ts';

test('at every width the line fits, and parts are left out from the end', () => {
  const parts = ['⚓ 12,345 committed', '1,234 files/s', '2.3 MB/s', 'queue 512'];
  for (let width = 1; width < 80; width++) {
    const line = fitParts(parts, width);
    assert.ok(columnsOf(line) <= width, `${width}: ${line}`);
    assert.ok(parts.join(' · ').startsWith(line));
  }
  assert.equal(fitParts(parts, 80), parts.join(' · '));
  assert.equal(fitParts(parts, 40), '⚓ 12,345 committed · 1,234 files/s');
});

test('counts have thousands apart, and small rates one digit', () => {
  assert.deepEqual([0, 0.25, 9.96, 12.3, 999, 1_234_567].map(formatCount), [
    '0',
    '0.3',
    '10',
    '12',
    '999',
    '1,234,567',
  ]);
});

test('bytes are told in the unit that leaves at most three figures before the point', () => {
  assert.deepEqual([0, 999, 999.7, 1000, 2_345_678, 99_960_000, 999_700_000, 5e15, 7e18].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.0 kB',
    '2.3 MB',
    '100 MB',
    '1.0 GB',
    '5.0 PB',
    '7000 PB',
  ]);
});

test('a duration has its two largest units', () => {
  assert.deepEqual([0, 59, 60, 65, 3599, 3600, 7620, 86_400, 273_600].map(formatDuration), [
    '0s',
    '59s',
    '1m 00s',
    '1m 05s',
    '59m 59s',
    '1h 00m',
    '2h 07m',
    '1d 00h',
    '3d 04h',
  ]);
});
