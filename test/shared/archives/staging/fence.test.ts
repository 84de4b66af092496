import assert from 'node:assert/strict';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ArchiveCrashPoint } from '../../../../shared/archives/contract.ts';
import { inboxOf } from '../../../../shared/archives/places.ts';
import { nodeCalls } from '../../../../shared/archives/staging/file-calls.ts';
import { errnoError, makeDepositor, readInbox, stagedContents } from '../../../support/staged.ts';
import { tempDir } from '../../../support/temp.ts';

/** Takes open staging archives as a scavenger does, the first `times` times that a point is reached. */
function takenAt(base: string, at: ArchiveCrashPoint, times: number) {
  let left = times;
  return {
    reach(point: ArchiveCrashPoint): void {
      if (point !== at || left === 0) return;
      left -= 1;
      for (const file of readdirSync(inboxOf(base)).filter((name) => name.endsWith('.open')))
        renameSync(join(inboxOf(base), file), join(inboxOf(base), file.replace(/\d+\.open$/, 'taken')));
    },
  };
}

for (const [kind, content] of [
  ['small', 'content'],
  ['large', 'content '.repeat(300_000)],
] as const) {
  for (const point of ['staging.created', 'staging.written', 'staging.durable'] as const) {
    test(`a ${kind} deposit whose staging archive is taken at ${point} lands in another`, async (t) => {
      const base = tempDir(t);
      const { deposit } = makeDepositor(t, { base, crash: takenAt(base, point, 2) });
      const { staging } = await deposit('ar.zip/a', content);
      const files = await readInbox(base);
      const mine = files.find(({ file }) => file.startsWith(staging));
      assert.equal(mine?.name.state, 'open');
      assert.deepEqual(
        mine?.members.map(({ name, content }) => [name, content.toString()]),
        [['ar.zip/a', content]],
      );
      assert.equal(files.filter(({ name }) => name.state === 'taken').length, 2);
      for (const { damages } of files) assert.deepEqual(damages, []);
    });
  }
}

test('what was acknowledged before is in the one that is taken, with the whole group after it', async (t) => {
  const base = tempDir(t);
  let isArmed = false;
  const take = takenAt(base, 'staging.durable', 1);
  const crash = { reach: (point: ArchiveCrashPoint) => (isArmed ? take.reach(point) : undefined) };
  const { deposit } = makeDepositor(t, { base, crash });
  const first = await deposit('ar.zip/1', '1');
  isArmed = true;
  const [second, third] = await Promise.all([deposit('ar.zip/2', '2'), deposit('ar.zip/3', '3')]);
  assert.equal(second?.staging, third?.staging);
  assert.notEqual(first.staging, second?.staging);
  const namesIn = new Map(
    (await readInbox(base)).map(({ name, members }) => [name.state, members.map((each) => each.name)]),
  );
  assert.deepEqual(namesIn.get('open'), ['ar.zip/2', 'ar.zip/3']);
  assert.equal(namesIn.get('taken')?.[0], 'ar.zip/1');
});

test('one that is taken while it is idle is noticed by the next deposit', async (t) => {
  const base = tempDir(t);
  const { deposit } = makeDepositor(t, { base });
  await deposit('ar.zip/1', '1');
  takenAt(base, 'staging.closed', 1).reach('staging.closed');
  await deposit('ar.zip/2', '2');
  const states = (await readInbox(base)).map(({ name }) => name.state);
  assert.deepEqual(states.sort(), ['open', 'taken']);
  assert.ok((await stagedContents(base)).some(([name]) => name === 'ar.zip/1'));
});

test('one that is taken before it is closed costs nothing', async (t) => {
  const base = tempDir(t);
  const { depositor, deposit } = makeDepositor(t, { base });
  await deposit('ar.zip/1', '1');
  takenAt(base, 'staging.closed', 1).reach('staging.closed');
  await depositor.close();
  const [file, ...more] = await readInbox(base);
  assert.deepEqual([file?.name.state, more], ['taken', []]);
  assert.deepEqual(await stagedContents(base), [['ar.zip/1', '1']]);
});

test('a staging archive that is taken each time fails the deposit instead of going on for ever', async (t) => {
  const base = tempDir(t);
  const crash = takenAt(base, 'staging.durable', Number.POSITIVE_INFINITY);
  const { deposit } = makeDepositor(t, { base, crash });
  await assert.rejects(deposit('ar.zip/1', '1'), { code: 'archive.taken', retryable: true });
});

test('a rename that was done though it was said that the name is gone acknowledges the group', async (t) => {
  // As a server answers that is asked again, since its first answer was lost.
  let isLost = true;
  const rename = async (from: string, to: string): Promise<void> => {
    await nodeCalls.rename(from, to);
    if (!isLost) return;
    isLost = false;
    throw errnoError('ENOENT', 'rename');
  };
  const { base, deposit } = makeDepositor(t, { calls: { ...nodeCalls, rename } });
  const { staging } = await deposit('ar.zip/1', '1');
  const [file, ...more] = await readInbox(base);
  assert.deepEqual([file?.file, more], [`${staging}.2.open`, []]);
});

test('a rename that was done though it was said to have failed leaves a file that is given up under the name that it has', async (t) => {
  let answer: string | undefined;
  const rename = async (from: string, to: string): Promise<void> => {
    await nodeCalls.rename(from, to);
    if (answer === undefined) return;
    const code = answer;
    answer = undefined;
    throw errnoError(code, 'rename');
  };
  const { base, deposit } = makeDepositor(t, { calls: { ...nodeCalls, rename } });
  const { staging } = await deposit('ar.zip/1', '1');
  answer = 'EIO';
  await assert.rejects(deposit('ar.zip/2', '2'), { code: 'archive.io' });
  await deposit('ar.zip/3', '3');
  assert.ok((await readInbox(base)).some(({ file }) => file === `${staging}.taken`));
  assert.deepEqual(await stagedContents(base), [
    ['ar.zip/1', '1'],
    ['ar.zip/3', '3'],
  ]);
});
