import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archivePathOf, splitTemplate } from '../../../shared/archive-sink/template.ts';
import { UsageError } from '../../../shared/errors.ts';

const PARTS = { path: 'in/a.csv', name: 'a.csv', ingest_date: '2024-11-02', hour: '10', route: 'orders' };

test('a template is cut behind its first part that ends in .zip', () => {
  assert.deepEqual(splitTemplate('{ingest_date}/{hour}.zip/{route}/{name}'), {
    archive: '{ingest_date}/{hour}.zip',
    member: '{route}/{name}',
  });
  assert.deepEqual(splitTemplate('a.ZIP/b.zip/{path}'), { archive: 'a.ZIP', member: 'b.zip/{path}' });
  assert.deepEqual(splitTemplate('a.zip'), { archive: 'a.zip', member: '{path}' });
  assert.equal(splitTemplate('a.zip.gz/{path}'), undefined);
});

test('a file goes where the template says', () => {
  const to = { archive: '{route}/{ingest_date}-{hour}.zip', member: '{path}' };
  assert.deepEqual(archivePathOf(to, PARTS), {
    archive: 'orders/2024-11-02-10.zip',
    member: 'in/a.csv',
  });
});

const WRONG: [string, Partial<typeof PARTS>, RegExp][] = [
  ['is too long', { path: 'x'.repeat(300) }, /has a part that is longer than 255 bytes/],
  ['leads out', { path: '../a' }, /has `\.\.` in it/],
  ['makes an earlier part the archive', { route: 'b.zip' }, /its name makes "b\.zip" the archive/],
];

for (const [what, over, expected] of WRONG) {
  test(`a file whose name ${what} is refused`, () => {
    const to = { archive: '{route}/all.zip', member: '{path}' };
    assert.throws(() => archivePathOf(to, { ...PARTS, ...over }), {
      code: 'archive.name',
      message: expected,
    });
    assert.throws(() => archivePathOf(to, { ...PARTS, ...over }), UsageError);
  });
}
