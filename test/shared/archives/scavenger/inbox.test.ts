import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readInbox } from '../../../../shared/archives/scavenger/inbox.ts';
import { cannotMount, has, unmount } from '../../../support/mounts.ts';
import { tempDir } from '../../../support/temp.ts';
import { Base } from './base.ts';

const untyped = { skip: cannotMount() ?? (has('mkfs.ext4') ? false : 'there is no mkfs.ext4') };

/** A file system whose listings do not say what is a file and what is a directory. */
function untypedBase(t: TestContext): Base {
  const [image, path] = [join(tempDir(t), 'image'), join(tempDir(t), 'base')];
  writeFileSync(image, '');
  truncateSync(image, 8 * 1024 ** 2);
  execFileSync('mkfs.ext4', ['-q', '-F', '-O', '^filetype', image], { stdio: 'pipe' });
  mkdirSync(path);
  execFileSync('mount', ['-o', 'loop', image, path], { stdio: 'pipe' });
  t.after(() => unmount(path));
  return new Base(path);
}

test(
  'a name that is not ASCII holds up nothing, whether or not the listing has types',
  untyped,
  async (t) => {
    for (const base of [Base.make(t), untypedBase(t)]) {
      await base.deposit({ 'a.zip/one': 'one' });
      writeFileSync(base.at('inbox/Übersicht.txt'), 'somebody put this here');
      writeFileSync(Buffer.from(`${base.at('inbox')}/caf\xe9`, 'latin1'), 'not UTF-8 either');
      const report = await base.scavenge();
      assert.deepEqual([report.members, report.quarantined], [1, 2]);
      assert.deepEqual(base.inbox(), []);
    }
  },
);

test(
  'what goes while the inbox is listed hides nothing else, whether or not the listing has types',
  untyped,
  async (t) => {
    for (const base of [Base.make(t), untypedBase(t)]) {
      await base.deposit({ 'a.zip/one': 'one' });
      await base.deposit({ 'a.zip/two': 'two' });
      const [gone = '', stays] = base.inbox().toSorted();
      const listing = readInbox(base.path);
      // It has the names by the time that this has ended, and looks no further while we are in this turn.
      execFileSync('sleep', ['0.05']);
      rmSync(base.at('inbox', gone));
      const { ready, foreign } = await listing;
      assert.deepEqual([ready.map(({ file }) => file), foreign], [[stays], []]);
    }
  },
);

test('what is no regular file is none of its writers’, whatever its name', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  const [staging = ''] = base.inbox();
  symlinkSync(staging, base.at('inbox', staging.replace(/[0-9a-f]{16}/, '0'.repeat(16))));
  mkdirSync(base.at('inbox', staging.replace(/[0-9a-f]{16}/, 'f'.repeat(16))));
  mkdirSync(base.at('inbox/damaged'));
  const { ready, open, foreign } = await readInbox(base.path);
  assert.deepEqual([ready.length, open.length], [1, 0]);
  assert.deepEqual(
    foreign.map(({ detail }) => detail),
    ['it is no regular file', 'it is no regular file'],
  );
});
