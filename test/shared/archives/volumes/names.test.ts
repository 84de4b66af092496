import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { candidatesFor } from '../../../../shared/archives/volumes/version-name.ts';
import { VolumeListing } from '../../../../shared/archives/volumes/volume-listing.ts';
import { volumeName } from '../../../../shared/archives/volumes/volume-name.ts';
import { tempDir } from '../../../support/temp.ts';

const sha256 = createHash('sha256').update('content').digest();
const hex = sha256.toString('hex');

test('volumes are numbered before the suffix, which stays as it is written', () => {
  assert.equal(volumeName('ar.zip', 1), 'ar.zip');
  assert.equal(volumeName('ar.zip', 2), 'ar-2.zip');
  assert.equal(volumeName('a.b.ZIP', 13), 'a.b-13.ZIP');
});

test('the numbers beside an archive are those that could be its volumes', (t) => {
  const base = tempDir(t);
  for (const name of [
    'ar.zip',
    'ar-2.zip',
    'ar-10.zip',
    'ar-02.zip',
    'ar-1.zip',
    'ar-x.zip',
    'ar-2.ZIP',
    'br-3.zip',
    'ar-3.zip.txt',
  ])
    writeFileSync(join(base, name), '');
  const listing = new VolumeListing(base);
  assert.deepEqual(listing.numbersOf('ar.zip'), [2, 10]);
  assert.deepEqual(listing.numbersOf('br.zip'), [3]);
  assert.deepEqual(listing.numbersOf('missing/ar.zip'), []);
  assert.deepEqual(listing.numbersOf('ar.zip'), [2, 10]);
  listing.add('ar-11.zip');
  listing.add('elsewhere/ar-12.zip');
  assert.deepEqual(listing.numbersOf('ar.zip'), [2, 10, 11]);
});

test('a version has more and more of its hash before its extension', () => {
  assert.deepEqual(candidatesFor('dir.d/log.txt', sha256), [
    'dir.d/log.txt',
    ...[8, 16, 32, 64].map((digits) => `dir.d/log.${hex.slice(0, digits)}.txt`),
  ]);
  assert.equal(candidatesFor('dir.d/.hidden', sha256)[1], `dir.d/.hidden.${hex.slice(0, 8)}`);
});

test('the name of a version is no longer than a file system allows, and ends in no half character', () => {
  for (const name of [`${'ü'.repeat(120)}.txt`, 'x'.repeat(255), `x.${'ü'.repeat(126)}`]) {
    for (const candidate of candidatesFor(`dir/${name}`, sha256)) {
      const bytes = Buffer.byteLength(candidate.slice('dir/'.length));
      assert.ok(bytes <= 255, `${bytes} bytes`);
      assert.ok(!candidate.includes('\ufffd'));
    }
  }
});
