import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { encodeDirectoryEnd } from '../../../../shared/archives/zip/directory.ts';
import { Base } from './base.ts';
import { textsIn } from './read-zip.ts';

const EMPTY_ZIP = encodeDirectoryEnd({ entries: 0, directoryBytes: 0, directoryOffset: 0, comment: '' });

test('of a writer that was killed behind a deposit that is an empty zip file all is collected', async (t) => {
  const base = Base.make(t);
  await base.deposit([['ar.zip/1', 'precious']], { leaveOpen: true });
  await base.deposit(
    [
      ['ar.zip/2', 'as well'],
      ['ar.zip/empty.zip', EMPTY_ZIP],
    ],
    { leaveOpen: true, compression: 'store' },
  );
  const { members, damaged } = await base.scavenge();
  assert.deepEqual([members, damaged], [3, 0]);
  const texts = { '1': 'precious', '2': 'as well', 'empty.zip': EMPTY_ZIP.toString() };
  assert.deepEqual(textsIn(base.at('ar.zip')), texts);
  assert.deepEqual(base.inbox(), []);
});

for (const how of ['cut', 'full of zeros'] as const) {
  test(`a closed staging archive that is ${how} behind a member is collected as far, kept, and reported`, async (t) => {
    const base = Base.make(t);
    await base.deposit({ 'ar.zip/1': 'one', 'ar.zip/2': 'two', 'ar.zip/3': 'three' });
    const file = base.at('inbox', base.inbox()[0] ?? assert.fail());
    const bytes = readFileSync(file);
    const second = bytes.indexOf('PK\x03\x04', 4);
    if (how === 'cut') truncateSync(file, second);
    else writeFileSync(file, bytes.fill(0, second));
    const { members, damaged, stagingArchives } = await base.scavenge();
    assert.deepEqual([members, damaged, stagingArchives], [1, 1, 1]);
    assert.deepEqual(textsIn(base.at('ar.zip')), { '1': 'one' });
    assert.deepEqual(base.inbox(), []);
    const [kept, text, ...more] = readdirSync(base.at('inbox', 'damaged')).toSorted();
    assert.deepEqual([`${kept}.txt`, more], [text, []]);
    assert.match(
      readFileSync(base.at('inbox', 'damaged', text ?? ''), 'utf8'),
      /something is missing or spoiled/,
    );
    assert.deepEqual(
      base.events.map(({ event }) => event),
      ['archive.published', 'archive.damaged'],
    );
  });
}
