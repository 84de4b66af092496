import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Slabs } from '../../../../shared/archives/scavenger/slabs.ts';
import {
  type NextVolume,
  VolumeWriter,
  type WriterMemory,
} from '../../../../shared/archives/scavenger/volume-writer.ts';
import { ArchiveSet } from '../../../../shared/archives/volumes/archive-set.ts';
import { memberOf } from '../zip/build-zip.ts';
import { Base } from './base.ts';
import { textsIn } from './read-zip.ts';

const memory = (bytes = 1024): WriterMemory => ({ buffer: Buffer.alloc(bytes), entries: new Slabs() });

/** An archive of one volume, which was looked at. */
async function grown(t: TestContext): Promise<{ base: Base; next: NextVolume; file: string }> {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/old': 'old' });
  await base.scavenge();
  const set = ArchiveSet.open(base.path, 'a.zip');
  t.after(() => set.close());
  const [previous] = set.readable;
  assert.ok(previous !== undefined);
  const next = { base: base.path, archive: 'a.zip', number: 1, path: 'a.zip', previous };
  return { base, next, file: base.at('new.zip') };
}

for (const [what, put] of [
  ['pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['link', (path: string) => symlinkSync('another.zip', path)],
  ['file', (path: string) => writeFileSync(path, 'of somebody else')],
] as const) {
  test(`a ${what} that has the name of the volume since it was looked at is neither read nor waited for`, async (t) => {
    const { base, next, file } = await grown(t);
    writeFileSync(base.at('another.zip'), 'of somebody else');
    renameSync(base.at('a.zip'), base.at('away.zip'));
    put(base.at('a.zip'));
    const writer = await VolumeWriter.begin(file, next, memory());
    const { facts, packed } = memberOf('new', 'new');
    await writer.add(facts, [packed]);
    await writer.finish();
    assert.deepEqual(textsIn(file), { old: 'old', new: 'new' });
  });
}

test('a volume that was written into since it was looked at is not taken over', async (t) => {
  const { base, next, file } = await grown(t);
  writeFileSync(base.at('a.zip'), 'more', { flag: 'a' });
  await assert.rejects(VolumeWriter.begin(file, next, memory()), { code: 'archive.changed' });
});

test('members and directories larger than what is written at once come out as they went in', async (t) => {
  const { next, file } = await grown(t);
  const members = Array.from({ length: 500 }, (_, n) =>
    memberOf(`member-${n}`, `${n} `.repeat((n % 50) + 1)),
  );
  const writer = await VolumeWriter.begin(file, next, memory(100));
  for (const { facts, packed } of members) await writer.add(facts, [packed]);
  assert.equal(writer.members, members.length);
  const atLeast = writer.sizeBytes;
  await writer.finish();
  assert.ok(readFileSync(file).length >= atLeast);
  assert.deepEqual(
    textsIn(file),
    Object.fromEntries([
      ['old', 'old'],
      ...members.map(({ facts, content }) => [facts.name, String(content)]),
    ]),
  );
});
