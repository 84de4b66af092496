import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkArchives } from '../../../../shared/archive-sink/inspect/check-archives.ts';
import { inboxOf } from '../../../../shared/archives/places.ts';
import { ArchiveCustody } from '../../../support/archive-custody.ts';

async function check(yard: ArchiveCustody, deep: boolean) {
  const problems: string[] = [];
  const checked = await checkArchives({
    state: yard.hand.state,
    deep,
    signal: new AbortController().signal,
    report: {
      finding: ({ problem, detail }) => problems.push(`${problem}: ${detail}`),
      note: ({ note }) => problems.push(note),
      progress: () => undefined,
    },
  });
  return { ...checked, problems };
}

test('what is only staged is counted apart, and read with --deep', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two' });
  await yard.hand.step('archive');
  assert.deepEqual(await check(yard, false), { archived: 2, staged: 2, rereadMembers: 0, problems: [] });
  assert.deepEqual(await check(yard, true), { archived: 2, staged: 2, rereadMembers: 2, problems: [] });
  await yard.hand.run();
  assert.deepEqual(await check(yard, true), { archived: 2, staged: 0, rereadMembers: 2, problems: [] });
});

test('a staging archive that does not hold what was deposited is found with --deep', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two' });
  await yard.hand.step('archive');
  const [file = ''] = yard.inbox();
  const path = join(inboxOf(yard.base), file);
  const bytes = readFileSync(path);
  const second = bytes.indexOf('PK\x03\x04', 4);
  writeFileSync(path, Buffer.concat([Buffer.alloc(second), bytes.subarray(second)]));
  const stem = file.replace(/\.zip$/, '');
  const spoiled = await check(yard, true);
  assert.deepEqual(spoiled.problems, [`missing-deposit: ${stem} does not hold it whole`]);
  assert.equal(spoiled.rereadMembers, 1);
  writeFileSync(path, Buffer.alloc(bytes.length));
  assert.equal((await check(yard, true)).problems.length, 2);
});
