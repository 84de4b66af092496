import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBytes, fromText } from '../../../shared/fs/byte-path.ts';
import { createFilter } from '../../../shared/fs/name-filter.ts';

const filter = (fields: { recursive?: boolean; include?: string[]; exclude?: string[] } = {}) => {
  const decide = createFilter({ recursive: true, include: [], exclude: [], ...fields });
  return (name: string) => decide(fromText(name));
};
const takes = (fields: Parameters<typeof filter>[0], name: string) => filter(fields)(name) === undefined;

test('without globs all is taken but what is built in', () => {
  for (const name of ['a.csv', 'sub/a.csv', 'a', 'a.tmp.csv', 'a b', 'tmp', 'ok'])
    assert.ok(takes({}, name), name);
  for (const name of [
    '.a.csv',
    'sub/.a',
    '.sub/a',
    'a.tmp',
    'a.PART',
    'a.partial',
    'a.swp',
    'a.swx',
    'a.filepart',
    'a.crdownload',
    'a.download',
    'a~',
    'a.csv.ok',
  ]) {
    assert.ok(!takes({}, name), name);
  }
});

test('globs are matched on the path below the input', () => {
  assert.ok(takes({ include: ['*.csv'] }, 'a.csv'));
  assert.ok(!takes({ include: ['*.csv'] }, 'sub/a.csv'));
  assert.ok(takes({ include: ['**/*.csv'] }, 'a.csv'));
  assert.ok(takes({ include: ['**/*.csv'] }, 'sub/sub/a.csv'));
  assert.ok(!takes({ include: ['**/*.csv'] }, 'a.log'));
  assert.ok(takes({ include: ['a', 'b'] }, 'b'));
  assert.ok(!takes({ exclude: ['logs/**'] }, 'logs/today/a'));
  assert.ok(!takes({ include: ['**/*.csv'], exclude: ['**/draft*'] }, 'x/draft-1.csv'));
});

test('the reason names the glob', () => {
  assert.equal(filter({ exclude: ['a*', '*.log'] })('b.log'), 'it matches --exclude *.log');
  assert.equal(filter({ include: ['*.csv'] })('b.log'), 'it matches no --include');
  assert.match(filter({})('b.tmp') ?? '', /temporary/);
});

test('no glob takes what is built in to be left out', () => {
  assert.ok(!takes({ include: ['**/*'] }, '.hidden'));
  assert.ok(!takes({ include: ['**/*.tmp'] }, 'a.tmp'));
});

test('without subdirectories what lies in one is left out', () => {
  assert.ok(takes({ recursive: false }, 'a.csv'));
  assert.equal(filter({ recursive: false })('sub/a.csv'), 'it lies in a subdirectory');
});

test('globs match names with newlines, with brackets, and with bytes that are no text', () => {
  assert.ok(takes({ include: ['**/*.csv'] }, 'new\nline/a\nb.csv'));
  assert.ok(takes({ include: ['*.csv'] }, '[draft] (1).csv'));
  assert.ok(takes({ include: ['*é.csv'] }, 'caf\u00e9.csv'));
  const decide = createFilter({ recursive: true, include: ['*.csv'], exclude: [] });
  assert.equal(decide(fromBytes(Buffer.from([0xff, 0x2e, 0x63, 0x73, 0x76]))), undefined);
});
