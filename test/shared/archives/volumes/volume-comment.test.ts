import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseVolumeComment, volumeComment } from '../../../../shared/archives/volumes/volume-comment.ts';

test('the comment of a volume says its number and the archive, and is read again', () => {
  assert.equal(volumeComment(2, 'ar.zip'), 'Wharfinger: volume 2 of ar.zip');
  for (const archive of ['ar.zip', 'ü of\n.ZIP', 'volume 3 of x.zip'])
    assert.deepEqual(parseVolumeComment(volumeComment(12, archive)), { volume: 12, of: archive });
});

test('other comments are of no volume', () => {
  const others = ['', 'volume 2 of ar.zip', 'Wharfinger: volume 0 of ar.zip', 'Wharfinger: volume 2 of '];
  for (const text of [
    ...others,
    'Wharfinger: volume 2 of d/ar.zip',
    'Wharfinger: volume 1234567890 of a.zip',
  ])
    assert.equal(parseVolumeComment(text), undefined);
});
