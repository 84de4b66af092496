import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import { makeImmutable, needsImmutable } from '../../../support/immutable.ts';
import { cannotMount, has, mountLoop, unmount } from '../../../support/mounts.ts';
import { cutPower } from '../../../support/power-cut.ts';
import { tempDir } from '../../../support/temp.ts';
import { Base } from './base.ts';

const ext4 = { skip: cannotMount() ?? (has('mkfs.ext4') ? false : 'there is no mkfs.ext4') };

const damagesOf = (base: Base) =>
  base.events.flatMap((event) => (event.event === 'archive.damaged' ? [event] : []));

test(
  'a staging archive that may not be removed is said, and holds up no other',
  needsImmutable,
  async (t) => {
    const base = Base.make(t);
    const names: string[] = [];
    for (const archive of ['a', 'b', 'c']) {
      await base.deposit({ [`${archive}.zip/one`]: archive });
      names.push(...base.inbox().filter((name) => !names.includes(name)));
    }
    const [first = ''] = base.inbox().toSorted();
    makeImmutable(t, fromText(base.at('inbox', first)));
    const report = await base.scavenge({ roundMembers: 1 });
    assert.deepEqual([report.members, report.stagingArchives, report.damaged], [3, 2, 1]);
    assert.deepEqual(base.inbox(), [first]);
    assert.deepEqual(
      damagesOf(base).map(({ file }) => file),
      [`inbox/${first}`],
    );
    assert.match(damagesOf(base)[0]?.detail ?? '', /cannot be removed \(EPERM\), and stays/);
    const next = await base.scavenge();
    assert.deepEqual([next.members, next.duplicates, next.damaged], [0, 1, 1]);
  },
);

test('what is damaged in a staging archive that has to stay is said as well', async (t) => {
  const base = Base.make(t);
  symlinkSync('/', base.at('link'));
  await base.deposit({ 'link/a.zip/one': 'one', 'b.zip/spoiled': 'spoil me' }, { compression: 'store' });
  const file = base.at('inbox', base.inbox()[0] ?? '');
  const bytes = readFileSync(file);
  bytes.write('S', bytes.indexOf('spoil me'));
  writeFileSync(file, bytes);
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.damaged, report.failures.length], [0, 1, 1]);
  assert.match(damagesOf(base)[0]?.detail ?? '', /^b\.zip\/spoiled .*; it stays until/);
  assert.equal(base.inbox().length, 1);
});

test(
  'a disk that reads nothing any more is the fault of the base, and not of what is staged',
  ext4,
  async (t) => {
    const base = new Base(
      mountLoop(t, join(tempDir(t), 'image'), join(tempDir(t), 'base'), 'ext4', 16 * 1024 ** 2),
    );
    await base.deposit({ 'a.zip/one': 'one' });
    const crash = {
      reach(point: string) {
        if (point === 'scavenge.taken') cutPower(base.path);
      },
    };
    await base.deposit({ 'a.zip/two': 'two' }, { leaveOpen: true });
    await assert.rejects(base.scavenge({ crash }), { code: 'archive.io' });
    assert.deepEqual(damagesOf(base), []);
  },
);

/** A regular file by its looks; each read of it says EIO. */
function makeUnreadable(t: TestContext, file: string): void {
  execFileSync('mount', ['--bind', `/proc/${process.pid}/mem`, file], { stdio: 'pipe' });
  t.after(() => unmount(file));
}

test('one staging archive that the disk cannot read is said, and holds up no other', ext4, async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  const [bad = ''] = base.inbox();
  await base.deposit({ 'a.zip/two': 'two' });
  makeUnreadable(t, base.at('inbox', bad));
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.damaged], [1, 1]);
  assert.match(damagesOf(base)[0]?.detail ?? '', /cannot be read \(EIO\), and stays/);
});

test('where nothing of all that is staged can be read the base is at fault', ext4, async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  makeUnreadable(t, base.at('inbox', base.inbox()[0] ?? ''));
  await assert.rejects(base.scavenge(), { code: 'archive.io' });
});
