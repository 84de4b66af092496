import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameWithout } from '../../../../../../apps/worker/handlers/upload/decompress/name.ts';

test('a name loses the suffix of its format, in upper and lower case, and only one', () => {
  assert.equal(nameWithout('gzip', 'a.csv.gz'), 'a.csv');
  assert.equal(nameWithout('gzip', 'a.csv.GZ'), 'a.csv');
  assert.equal(nameWithout('gzip', 'a.gz.gz'), 'a.gz');
  assert.equal(nameWithout('zstd', 'b/a.json.zst'), 'b/a.json');
  assert.equal(nameWithout('bzip2', 'a.tar.bz2'), 'a.tar');
  assert.equal(nameWithout('xz', 'a.xz'), 'a');
  assert.equal(nameWithout('zip', 'a.Zip'), 'a');
  assert.equal(nameWithout('gzip', 'İ.csv.gz'), 'İ.csv');
});

test('a suffix that stands for an archive becomes that of the archive', () => {
  assert.equal(nameWithout('gzip', 'x.tgz'), 'x.tar');
  assert.equal(nameWithout('bzip2', 'x.tbz2'), 'x.tar');
  assert.equal(nameWithout('bzip2', 'x.TBZ'), 'x.tar');
  assert.equal(nameWithout('xz', 'x.txz'), 'x.tar');
  assert.equal(nameWithout('zstd', 'x.tzst'), 'x.tar');
});

test('a name without the suffix of its format stays', () => {
  assert.equal(nameWithout('gzip', 'a.csv'), 'a.csv');
  assert.equal(nameWithout('gzip', 'a.zst'), 'a.zst');
  assert.equal(nameWithout('none', 'a.gz'), 'a.gz');
  assert.equal(nameWithout('gzip', 'agz'), 'agz');
});

test('a name that would become empty stays', () => {
  assert.equal(nameWithout('gzip', '.gz'), '.gz');
  assert.equal(nameWithout('gzip', 'b/.tgz'), 'b/.tgz');
});
