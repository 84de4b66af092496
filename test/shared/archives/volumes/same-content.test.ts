import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSameContent } from '../../../../shared/archives/volumes/same-content.ts';
import { readDirectory, readDirectoryEnd } from '../../../../shared/archives/zip/read-directory.ts';
import { tempDir } from '../../../support/temp.ts';
import { foreignZip } from '../scavenger/foreign-zip.ts';
import { opened } from '../zip/build-zip.ts';

const sha256Of = (content: string): Buffer => createHash('sha256').update(content).digest();

test('a member without a hash is compared by its bytes, and only where size and CRC are the same', (t) => {
  const { fd, sizeBytes } = opened(
    t,
    join(tempDir(t), 'a.zip'),
    foreignZip([{ name: 'his', content: 'his' }]),
  );
  const [entry] = readDirectory(fd, readDirectoryEnd(fd, sizeBytes));
  assert.ok(entry);
  let opens = 0;
  const open = (): number => {
    opens += 1;
    return fd;
  };
  assert.ok(isSameContent(open, entry, { sha256: sha256Of('his') }));
  assert.ok(!isSameContent(open, entry, { sha256: sha256Of('hers') }));
  assert.equal(opens, 2);
  assert.ok(!isSameContent(open, entry, { sha256: sha256Of('his'), sizeBytes: 4 }));
  assert.ok(!isSameContent(open, entry, { sha256: sha256Of('his'), crc32: 1 }));
  assert.ok(!isSameContent(open, { ...entry, isEncrypted: true }, { sha256: sha256Of('his') }));
  assert.ok(
    !isSameContent(open, { ...entry, sizeBytes: 33 * 1024 ** 2 }, { sha256: sha256Of('his') }),
    'too large',
  );
  assert.equal(opens, 2, 'nothing was read for these');
  assert.ok(
    !isSameContent(open, { ...entry, crc32: 1 }, { sha256: sha256Of('his') }),
    'a header that says otherwise',
  );
});

test('a member that says its hash is not read', () => {
  const entry = { sha256: sha256Of('ours') } as Parameters<typeof isSameContent>[1];
  const open = (): never => assert.fail('it was read');
  assert.ok(isSameContent(open, entry, { sha256: sha256Of('ours') }));
  assert.ok(!isSameContent(open, entry, { sha256: sha256Of('theirs') }));
});
