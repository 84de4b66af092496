import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BytePath, basename, fromText, isUtf8 } from '../../../shared/fs/byte-path.ts';
import { destinationOf, partitionOf, withContentSuffix } from '../../../shared/ledger/destination.ts';

const SHA = Buffer.from(`deadbeef${'00'.repeat(28)}`, 'hex');
const renamed = (name: string, distinct?: number): string =>
  basename(withContentSuffix(fromText(`/w/${name}`), SHA, distinct));

test('the partition is the date of the instant in UTC', () => {
  assert.equal(partitionOf(Date.UTC(2024, 11, 31, 23, 59, 59, 999)), 'ingest_date=2024-12-31');
  assert.equal(partitionOf(Date.UTC(2025, 0, 1)), 'ingest_date=2025-01-01');
  assert.equal(
    destinationOf('/w' as BytePath, Date.UTC(2025, 0, 1), 'sub/a.csv' as BytePath),
    '/w/ingest_date=2025-01-01/sub/a.csv',
  );
});

test('the digits of the content come before the extension', () => {
  assert.equal(renamed('a.csv'), 'a.deadbeef.csv');
  assert.equal(renamed('a.tar.gz'), 'a.tar.deadbeef.gz');
  assert.equal(renamed('a'), 'a.deadbeef');
  assert.equal(renamed('a.'), 'a.deadbeef.');
  assert.equal(renamed('.csv'), '.csv.deadbeef');
  assert.equal(renamed('a.csv', 7), 'a.deadbeef.7.csv');
});

test('only the name changes, and not a dot in the directories', () => {
  assert.equal(withContentSuffix('/w.d/a' as BytePath, SHA), '/w.d/a.deadbeef');
});

test('a name of 255 bytes keeps its extension and loses the end of its stem', () => {
  assert.equal(renamed(`${'x'.repeat(251)}.csv`), `${'x'.repeat(242)}.deadbeef.csv`);
  assert.equal(renamed('x'.repeat(255)), `${'x'.repeat(246)}.deadbeef`);
});

test('whatever is cut, the name stays within 255 bytes and UTF-8', () => {
  for (const name of [
    'é'.repeat(127),
    `${'🚢'.repeat(62)}.csv`,
    `a.${'é'.repeat(126)}`,
    `é.${'x'.repeat(252)}`,
  ]) {
    for (const distinct of [undefined, 1, 123_456_789]) {
      const result = renamed(name, distinct);
      assert.ok(result.length <= 255, `${result.length}`);
      assert.ok(isUtf8(result as BytePath), name);
      assert.ok(result.includes('.deadbeef'));
    }
  }
});
