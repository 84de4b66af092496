import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readStaged } from '../../../../shared/archives/recovery/read-staged.ts';
import { encodeDirectoryEnd } from '../../../../shared/archives/zip/directory.ts';
import { tempDir } from '../../../support/temp.ts';
import { buildZip, memberOf, opened, RANDOM } from '../zip/build-zip.ts';

async function staged(context: TestContext, bytes: Buffer, isClosed: boolean, directory = tempDir(context)) {
  const { fd, sizeBytes } = opened(context, join(directory, 'staged'), bytes);
  const [names, details]: [string[], string[]] = [[], []];
  for await (const found of readStaged(fd, sizeBytes, RANDOM, { isClosed }))
    if ('member' in found) names.push(found.member.name);
    else details.push(found.damage.detail);
  return { names, details };
}

const end = (entries: number, directoryBytes: number, directoryOffset: number, comment = '') =>
  encodeDirectoryEnd({ entries, directoryBytes, directoryOffset, comment });
const EMPTY = end(0, 0, 0);
const FIRST = [memberOf('a.zip/1', 'precious'), memberOf('a.zip/2', 'as well')];
const BEFORE = buildZip(FIRST, '', RANDOM);
const ENTRIES = BEFORE.bytes.subarray(BEFORE.directoryOffset, -EMPTY.length);

/** What a member may end with that looks like the end of the file it is in. */
const CONTENTS: Readonly<Record<string, Buffer>> = {
  'an empty zip file': EMPTY,
  'an empty zip file with something before it': Buffer.concat([Buffer.alloc(5000, 'x'), EMPTY]),
  'an empty zip file with a comment': end(0, 0, 0, 'of nothing'),
  'an empty zip file of 64 bits': end(0, 0, 2 ** 32),
  'a zip file': buildZip([memberOf('a.zip/never', 'never')]).bytes,
  'the directory of the members before it': Buffer.concat([
    ENTRIES,
    end(FIRST.length, ENTRIES.length, BEFORE.directoryOffset),
  ]),
};

for (const [what, content] of Object.entries(CONTENTS)) {
  const members = [...FIRST, memberOf('a.zip/last', content, { store: true })];
  const { bytes, directoryOffset } = buildZip(members, '', RANDOM);
  const names = members.map(({ facts }) => facts.name);
  const withoutDirectory = bytes.subarray(0, directoryOffset);

  test(`a killed writer whose last member is ${what} loses nothing`, async (context) => {
    assert.deepEqual(await staged(context, withoutDirectory, false), { names, details: [] });
  });

  test(`a closed archive that was cut behind ${what} loses no member, and is said to be cut`, async (context) => {
    const found = await staged(context, withoutDirectory, true);
    assert.deepEqual([found.names, found.details.length], [names, 1]);
  });
}

test('only a directory that fills a closed archive with its members is whole', async (context) => {
  const { bytes, directoryOffset } = BEFORE;
  const names = FIRST.map(({ facts }) => facts.name);
  const behind = bytes.subarray(directoryOffset);
  const spoiled: Readonly<Record<string, Buffer>> = {
    'a comment': buildZip(FIRST, 'hello', RANDOM).bytes,
    'zeros behind it': Buffer.concat([bytes, Buffer.alloc(7)]),
    'a gap before it': Buffer.concat([bytes.subarray(0, directoryOffset), Buffer.alloc(9), behind]),
    'something before the file': Buffer.concat([Buffer.alloc(9, 'x'), bytes]),
  };
  assert.deepEqual(await staged(context, bytes, true), { names, details: [] });
  for (const [what, changed] of Object.entries(spoiled)) {
    const found = await staged(context, changed, true);
    assert.deepEqual(found.names, names, what);
    assert.ok(
      found.details.some((detail) => /closed with a directory/.test(detail)),
      what,
    );
  }
});

test('a closed archive of nothing but the end of a zip file is whole, and empty', async (context) => {
  assert.deepEqual(await staged(context, EMPTY, true), { names: [], details: [] });
  assert.equal((await staged(context, Buffer.alloc(0), true)).details.length, 1);
});

test('a closed archive that is cut anywhere, or ends in zeros, gives its whole members and is never without damage', async (context) => {
  const ends = [...BEFORE.offsets.slice(1), BEFORE.directoryOffset];
  const directory = tempDir(context);
  for (let size = 0; size < BEFORE.bytes.length; size += 1) {
    const cut = BEFORE.bytes.subarray(0, size);
    for (const bytes of [cut, Buffer.concat([cut, Buffer.alloc(BEFORE.bytes.length - size)])]) {
      // The last bytes of an end record are zeros anyway.
      if (bytes.equals(BEFORE.bytes)) continue;
      const { names, details } = await staged(context, bytes, true, directory);
      assert.ok(names.length >= ends.filter((at) => at <= size).length, `cut at ${size}`);
      assert.ok(details.length > 0, `cut at ${size}`);
    }
  }
});
