import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { setAside } from '../../../../shared/archives/scavenger/set-aside.ts';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import { asNobody, needsRoot } from '../../../support/as-nobody.ts';
import { makeImmutable, needsImmutable } from '../../../support/immutable.ts';
import { Base } from './base.ts';

const NOBODY = 65_534;

test('what may not be moved away leaves no text, however often it is tried', needsImmutable, async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  mkdirSync(base.at('inbox/his'));
  makeImmutable(t, fromText(base.at('inbox/his')));
  for (let pass = 0; pass < 2; pass += 1) assert.equal((await base.scavenge()).quarantined, 1);
  assert.deepEqual(readdirSync(base.at('inbox/quarantine')), []);
  assert.deepEqual(base.inbox(), ['his']);
});

test('another user’s directory is said, and holds up nothing', needsRoot, async (t) => {
  const base = Base.make(t);
  for (let path = base.path; path !== '/'; path = dirname(path))
    if (lstatSync(path).uid === 0 && path.length > '/tmp'.length) chmodSync(path, 0o755);
  chownSync(base.path, NOBODY, NOBODY);
  mkdirSync(base.at('inbox'));
  chownSync(base.at('inbox'), NOBODY, NOBODY);
  mkdirSync(base.at('inbox/his'));
  await asNobody(async () => {
    await base.deposit({ 'a.zip/one': 'one' });
    const report = await base.scavenge();
    assert.deepEqual([report.members, report.quarantined], [1, 1]);
  });
  assert.deepEqual(readdirSync(base.at('inbox/quarantine')), []);
});

test('where all numbers of one name are taken it stays, is said, and holds up nothing', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  writeFileSync(base.at('inbox/notes'), 'notes');
  mkdirSync(base.at('inbox/quarantine'));
  for (let number = 1; number <= 999; number += 1)
    writeFileSync(base.at('inbox/quarantine', number === 1 ? 'notes' : `notes.${number}`), '');
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.quarantined], [1, 1]);
  assert.deepEqual(base.inbox(), ['notes']);
  assert.match(JSON.stringify(base.events), /cannot be moved away \(.*too many files of one name/);
});

for (const place of ['quarantine', 'damaged'])
  test(`a link instead of inbox/${place} is itself set aside, and nothing is written where it leads`, async (t) => {
    const base = Base.make(t);
    mkdirSync(base.at('..', 'outside'));
    await base.deposit({ 'a.zip/one': 'one' });
    symlinkSync('../../outside', base.at('inbox', place));
    writeFileSync(base.at('inbox/evil.sh'), 'echo evil\n');
    const report = await base.scavenge();
    assert.deepEqual([report.members, report.quarantined], [1, 2]);
    assert.deepEqual(readdirSync(base.at('..', 'outside')), []);
    const aside = readdirSync(base.at('inbox/quarantine')).filter((name) => !name.endsWith('.txt'));
    assert.deepEqual(aside.toSorted(), ['evil.sh', `${place}.not-a-directory.1`].toSorted());
    assert.equal(readlinkSync(base.at('inbox/quarantine', `${place}.not-a-directory.1`)), '../../outside');
  });

test('a file instead of inbox/damaged is set aside', async (t) => {
  const base = Base.make(t);
  mkdirSync(base.at('inbox'));
  writeFileSync(base.at('inbox/damaged'), 'in the way');
  assert.equal((await base.scavenge()).quarantined, 1);
  assert.ok(existsSync(base.at('inbox/quarantine/damaged.not-a-directory.1')));
});

test('a link that somebody makes in the midst of a pass is not followed either', (t) => {
  const base = Base.make(t);
  mkdirSync(base.at('..', 'outside'));
  mkdirSync(base.at('inbox'));
  symlinkSync('../../outside', base.at('inbox/quarantine'));
  writeFileSync(base.at('inbox/evil.sh'), 'echo evil\n');
  assert.throws(() => setAside(base.path, 'evil.sh', 'quarantine', 'why'), { code: 'archive.aside' });
  assert.deepEqual(readdirSync(base.at('..', 'outside')), []);
});
