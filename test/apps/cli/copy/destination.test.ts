import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTarget, parseDestination, placeOf } from '../../../../apps/cli/copy/destination.ts';

test('a destination says profile, bucket and path, and whether it is a directory', () => {
  const cases: readonly [string, string, boolean][] = [
    ['s3://lab/buck', '', true],
    ['s3://lab/buck/', '', true],
    ['s3://lab/buck/x', 'x', false],
    ['s3://lab/buck/x/', 'x', true],
    ['s3://lab/buck/x/y z+%41?#ü', 'x/y z+%41?#ü', false],
  ];
  for (const [text, path, isDirectory] of cases)
    assert.deepEqual(parseDestination(text), { profile: 'lab', bucket: 'buck', path, isDirectory }, text);
});

test('what is no destination is refused with what is wrong', () => {
  const cases: readonly [string, RegExp][] = [
    ['/srv/x', /does not begin with s3:/],
    ['S3://lab/buck', /does not begin with s3:/],
    ['s3://', /names no profile/],
    ['s3:///buck', /names no profile/],
    ['s3://lab', /names no bucket/],
    ['s3://lab/', /names no bucket/],
    ['s3://lab//x', /names no bucket/],
    ['s3://lab/Buck', /cannot be the name of a bucket/],
    ['s3://lab/buck//x', /two slashes/],
    ['s3://lab/buck//', /two slashes/],
    ['s3://lab/buck/../x', /only \. or \.\./],
    ['s3://lab/buck/x/./', /only \. or \.\./],
    ['s3://lab/buck/.wharfinger-1/x', /begins with \.wharfinger/],
  ];
  for (const [text, message] of cases)
    assert.throws(() => parseDestination(text), { name: 'UsageError', message }, text);
});

test('a key has at most 1,024 bytes, and no name of unfinished work', () => {
  checkTarget(`${'k'.repeat(1020)}.csv`);
  assert.throws(() => checkTarget(`${'k'.repeat(1021)}.csv`), { code: 'store.key' });
  assert.throws(() => checkTarget('x/.wharfinger-1.tmp'), { code: 'copy.own-name' });
  checkTarget('x/a.wharfinger');
});

test('where a source goes is what the help says', () => {
  const file = false;
  const directory = true;
  const cases: readonly [source: string, isDirectory: boolean, to: string, expected: string][] = [
    ['a.csv', file, 's3://lab/buck', 'a.csv'],
    ['a.csv', file, 's3://lab/buck/', 'a.csv'],
    ['a.csv', file, 's3://lab/buck/x/', 'x/a.csv'],
    ['a.csv', file, 's3://lab/buck/x', 'x'],
    ['a.csv', file, 's3://lab/buck/x/y', 'x/y'],
    ['../deep/a.csv', file, 's3://lab/buck/x/', 'x/a.csv'],
    ['a.csv', file, 's3://lab/buck/there', 'there/a.csv'],
    ['dir', directory, 's3://lab/buck', 'dir/'],
    ['dir', directory, 's3://lab/buck/', 'dir/'],
    ['/srv/dir', directory, 's3://lab/buck/x/', 'x/dir/'],
    ['dir', directory, 's3://lab/buck/x', 'x/'],
    ['dir', directory, 's3://lab/buck/there', 'there/'],
    ['dir/', directory, 's3://lab/buck', ''],
    ['dir/', directory, 's3://lab/buck/x', 'x/'],
    ['dir/', directory, 's3://lab/buck/x/', 'x/'],
    ['dir/.', directory, 's3://lab/buck/x/', 'x/'],
    ['.', directory, 's3://lab/buck', ''],
    ['..', directory, 's3://lab/buck/x/', 'x/'],
    ['../dir', directory, 's3://lab/buck/x/', 'x/dir/'],
    ['/', directory, 's3://lab/buck/', ''],
    ['.hidden', directory, 's3://lab/buck/', '.hidden/'],
    ['dots...', directory, 's3://lab/buck/', 'dots.../'],
  ];
  for (const [text, isDirectory, to, expected] of cases) {
    const place = placeOf({ text, isDirectory }, parseDestination(to), (path) => path === 'there');
    assert.equal(place, expected, `${text} → ${to}`);
  }
});
