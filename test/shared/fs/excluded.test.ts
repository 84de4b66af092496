import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBytes, fromText } from '../../../shared/fs/byte-path.ts';
import { exclusionOf, SIDECAR_SUFFIX } from '../../../shared/fs/excluded.ts';

const reasonOf = (path: string): string | undefined => exclusionOf(fromText(path))?.split(':')[0];

test('ordinary names are not excluded', () => {
  const names = [
    'a',
    'a.csv',
    'a/b/c.csv',
    'tmp',
    'part',
    'a.tmp.csv',
    'a.tmp/b.csv',
    'x~y',
    'a..b',
    'a.',
    'ok',
    'a.okay',
  ];
  for (const name of names) assert.equal(reasonOf(name), undefined, name);
});

test('hidden names, and all below a hidden directory, are excluded', () => {
  for (const name of ['.a', 'a/.b', '.a/b', 'a/.b/c', '...', '.wharfinger-12.tmp']) {
    assert.equal(reasonOf(name), 'hidden', name);
  }
});

test('temporary suffixes are excluded, in any case of letters', () => {
  const suffixes = ['tmp', 'part', 'partial', 'swp', 'swx', 'filepart', 'crdownload', 'download'];
  for (const suffix of suffixes) {
    assert.equal(reasonOf(`a.${suffix}`), 'temporary', suffix);
    assert.equal(reasonOf(`d.e/a.csv.${suffix.toUpperCase()}`), 'temporary', suffix);
  }
  assert.equal(exclusionOf(fromText('a.TMP')), 'temporary: its name ends with .tmp');
});

test('backups of editors are excluded', () => {
  assert.equal(reasonOf('a.txt~'), 'temporary');
  assert.equal(reasonOf('d/~'), 'temporary');
});

test('sidecars are excluded by exactly the suffix that makes them one', () => {
  assert.equal(reasonOf(`a.csv${SIDECAR_SUFFIX}`), 'sidecar');
  assert.equal(reasonOf('a.csv.OK'), undefined);
});

test('names that are not UTF-8 are judged by their bytes', () => {
  assert.equal(exclusionOf(fromBytes(Buffer.from('\xff\xfe.csv', 'latin1'))), undefined);
  assert.match(exclusionOf(fromBytes(Buffer.from('\xff\n.Part', 'latin1'))) ?? '', /\.part$/);
});
