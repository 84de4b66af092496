import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseArchivePath } from '../../../shared/archives/archive-path.ts';
import { UsageError } from '../../../shared/errors.ts';

const TAKEN: [path: string, archive: string, member: string][] = [
  ['ar.zip/a', 'ar.zip', 'a'],
  ['sub/dir/ar.zip/rel/path', 'sub/dir/ar.zip', 'rel/path'],
  ['ar.ZIP/a', 'ar.ZIP', 'a'],
  ['one.zip/two.zip/three', 'one.zip', 'two.zip/three'],
  ['inbox.zip/inbox/a', 'inbox.zip', 'inbox/a'],
  ['sub/inbox/ar.zip/a', 'sub/inbox/ar.zip', 'a'],
  ['ar.zip/été ✓ \n "', 'ar.zip', 'été ✓ \n "'],
  ['ar.zip/...', 'ar.zip', '...'],
  [`ar.zip/${'m'.repeat(255)}`, 'ar.zip', 'm'.repeat(255)],
  [`${'a'.repeat(236)}.zip/m`, `${'a'.repeat(236)}.zip`, 'm'],
];

for (const [path, archive, member] of TAKEN) {
  test(`${JSON.stringify(path).slice(0, 60)} is a member of an archive`, () => {
    assert.deepEqual(parseArchivePath(path), { archive, member });
  });
}

const REFUSED: [path: string, why: string][] = [
  ['', 'empty'],
  ['/ar.zip/a', 'absolute'],
  ['ar.zip', 'no member'],
  ['ar.zip/', 'an empty member'],
  ['dir/file', 'no archive'],
  ['ar.tar/file', 'no archive'],
  ['../ar.zip/a', 'leads out of the base'],
  ['ar.zip/../../etc/passwd', 'leads out of the archive'],
  ['ar.zip/./a', 'a part that is a dot'],
  ['sub//ar.zip/a', 'an empty part'],
  ['ar.zip/a/', 'an empty part at the end'],
  ['inbox/ar.zip/a', 'among the staging archives'],
  ['.wharfinger/ar.zip/a', "among the scavenger's files"],
  ['ar.zip/a\0b', 'a NUL'],
  ['ar.zip/\ud800', 'half of a surrogate pair'],
  [`ar.zip/${'é'.repeat(128)}`, 'a part of 256 bytes'],
  [`${'a'.repeat(237)}.zip/m`, 'an archive whose index would have too long a name'],
  [`${'d/'.repeat(511)}ar.zip/m`, 'an archive whose index would have too long a path'],
  [`ar.zip/${'m/'.repeat(2045)}`, 'more than 4,096 bytes'],
];

for (const [path, why] of REFUSED) {
  test(`a path is refused: ${why}`, () => {
    assert.throws(
      () => parseArchivePath(path),
      (error) => error instanceof UsageError && error.code === 'archive.name' && error.hint !== undefined,
    );
  });
}

test('what is no text is refused like any other wrong name', () => {
  for (const path of [undefined, 42, Buffer.from('ar.zip/a')])
    assert.throws(() => parseArchivePath(path as unknown as string), {
      name: 'UsageError',
      code: 'archive.name',
    });
});

test('a path of 4,096 bytes is taken', () => {
  const member = `${'m/'.repeat(2044)}m`;
  assert.equal(Buffer.byteLength(`ar.zip/${member}`), 4096);
  assert.deepEqual(parseArchivePath(`ar.zip/${member}`), { archive: 'ar.zip', member });
});

test('whatever is taken stays inside, and is what was given', () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', '', 'ar.zip', 'inbox', '.wharfinger', '/', '\0'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const path = parts.join('/');
      const { archive, member } = parseOrNothing(path);
      if (archive === undefined) return;
      assert.equal(`${archive}/${member}`, path);
      assert.match(archive, /\.zip$/i);
      for (const each of path.split('/')) assert.ok(!['', '.', '..'].includes(each));
    }),
  );
});

function parseOrNothing(path: string): { archive?: string; member?: string } {
  try {
    return parseArchivePath(path);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return {};
  }
}
