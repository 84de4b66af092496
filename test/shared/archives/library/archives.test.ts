import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openArchives } from '../../../../shared/archives/library/open-archives.ts';
import { inboxOf } from '../../../../shared/archives/places.ts';
import { nodeCalls } from '../../../../shared/archives/staging/file-calls.ts';
import { errnoError, readInbox, stagedContents } from '../../../support/staged.ts';
import { tempDir } from '../../../support/temp.ts';
import { makeArchives } from './a-library.ts';

test('a file has the mode and the time that it was given, else 0644 and when it was closed', async (t) => {
  const { base, archives } = makeArchives(t);
  await archives.open('ar.zip/given', { mode: 0o100751, mtime: new Date(1234) }).close();
  await archives.open('ar.zip/number', { mtime: -5 }).close();
  await archives.open('ar.zip/none').close();
  const [file] = await readInbox(base);
  assert.deepEqual(
    file?.members.map(({ name, mode, mtimeMs }) => [name, mode, mtimeMs]),
    [
      ['ar.zip/given', 0o100751, 1234],
      ['ar.zip/number', 0o100644, -5],
      ['ar.zip/none', 0o100644, 1_000_000],
    ],
  );
});

test('a name, mode or time that will not do is refused when the file is opened', (t) => {
  const { archives } = makeArchives(t);
  assert.throws(() => archives.open('../ar.zip/a'), { code: 'archive.name' });
  for (const mode of [-1, 0.5, 0o40755, 0o200644])
    assert.throws(() => archives.open('ar.zip/a', { mode }), { code: 'archive.option' });
  // The last is nanoseconds, which would make a date some millions of years ahead, or none that can be written.
  for (const mtime of [new Date(Number.NaN), Number.POSITIVE_INFINITY, 1e300, 1.7e18])
    assert.throws(() => archives.open('ar.zip/a', { mtime }), { code: 'archive.option' });
});

test('a file of a block that fails is not deposited, unless that was asked for', async (t) => {
  const { base, archives } = makeArchives(t);
  const fail = async (path: string, depositOnDispose: boolean, isClosed: boolean): Promise<void> => {
    await using file = archives.open(path, { depositOnDispose });
    await file.write('content');
    if (isClosed) await file.close();
    throw new Error('the block fails');
  };
  await assert.rejects(fail('ar.zip/no', false, false), /block/);
  await assert.rejects(fail('ar.zip/asked', true, false), /block/);
  await assert.rejects(fail('ar.zip/closed', false, true), /block/);
  assert.deepEqual(
    (await stagedContents(base)).map(([name]) => name),
    ['ar.zip/asked', 'ar.zip/closed'],
  );
});

test('two files of one name are two deposits', async (t) => {
  const { base, archives } = makeArchives(t);
  const files = ['one', 'two'].map((content) => ({ content, file: archives.open('ar.zip/a') }));
  for (const { content, file } of files) await file.write(content);
  await Promise.all(files.map(({ file }) => file.close()));
  assert.deepEqual(await stagedContents(base), [
    ['ar.zip/a', 'one'],
    ['ar.zip/a', 'two'],
  ]);
});

test('a file that could not be deposited is still open, and may be closed again', async (t) => {
  let isFull = true;
  const write: typeof nodeCalls.write = async (...args) => {
    if (isFull) throw errnoError('ENOSPC', 'write');
    return nodeCalls.write(...args);
  };
  const { base, archives } = makeArchives(t, { calls: { ...nodeCalls, write } });
  const file = archives.open('ar.zip/a');
  await file.write('first ');
  await assert.rejects(file.close(), { code: 'archive.no-space' });
  isFull = false;
  await file.write('second');
  await file.close();
  assert.deepEqual(await stagedContents(base), [['ar.zip/a', 'first second']]);
});

test('close() waits for what is being closed, and says which files nobody closed', async (t) => {
  const { base, archives } = makeArchives(t);
  const closing = archives.open('ar.zip/closing');
  await closing.write('x'.repeat(5000));
  void closing.close();
  const forgotten = archives.open('ar.zip/forgotten');
  await assert.rejects(archives.close(), { code: 'archive.files-open', subject: 'ar.zip/forgotten' });
  const [file] = await readInbox(base);
  assert.equal(file?.name.state, 'closed');
  assert.deepEqual(
    file?.members.map(({ name }) => name),
    ['ar.zip/closing'],
  );
  await assert.rejects(forgotten.write('x'), { code: 'archive.file-closed' });
  assert.throws(() => archives.open('ar.zip/b'), { code: 'archive.closed' });
  await assert.rejects(archives.pickup('/x', 'ar.zip/b'), { code: 'archive.closed' });
});

test('archives that are disposed of close what is open without a word', async (t) => {
  const { base, archives } = makeArchives(t);
  {
    await using held = archives;
    held.open('ar.zip/forgotten');
    await held.open('ar.zip/a').close();
  }
  assert.deepEqual(await stagedContents(base), [['ar.zip/a', '']]);
});

test('a thousand large files that are open together cost as much memory as a few', async (t) => {
  const { archives } = makeArchives(t, { spillBytes: 1024 ** 2 });
  const content = Buffer.alloc(200 * 1024, 'x');
  const before = process.memoryUsage().arrayBuffers;
  const files = Array.from({ length: 1000 }, (_, n) => archives.open(`ar.zip/${n}`));
  for (const file of files) await file.write(content);
  collectGarbage();
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 110 * 1024 ** 2, `${Math.round(grown / 1024 ** 2)} MiB for 195 MiB`);
  await Promise.all(files.map((file) => file.discard()));
});

test('openArchives takes a base that is there, and says what is wrong with another', async (t) => {
  const base = tempDir(t);
  {
    await using archives = await openArchives(base, { rotateSeconds: 60, host: 'pier' });
    await archives.open('ar.zip/a').close();
    assert.match(
      (await readInbox(base))[0]?.file ?? '',
      new RegExp(`^pier\\..*\\.${process.pid}\\..*\\.1\\.open$`),
    );
  }
  assert.equal((await readInbox(base))[0]?.name.state, 'closed');
  await assert.rejects(openArchives(join(base, 'away')), { code: 'archive.base' });
  writeFileSync(join(base, 'file'), '');
  await assert.rejects(openArchives(join(base, 'file')), { code: 'archive.base' });
  for (const rotateSeconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    await assert.rejects(openArchives(base, { rotateSeconds }), { code: 'archive.option' });
  await assert.rejects(openArchives(base, { spillBytes: -1 }), { code: 'archive.option' });
});

test('a base that goes away fails deposits, and takes them when it is back', async (t) => {
  const { base, archives } = makeArchives(t);
  await archives.open('ar.zip/1').close();
  const away = join(tempDir(t), 'away');
  renameSync(base, away);
  const file = archives.open('ar.zip/2');
  await assert.rejects(file.close(), { code: 'archive.base' });
  renameSync(away, base);
  await file.close();
  // What was written and not acknowledged may lie there as well; a scavenger drops one of the two.
  const names = new Set((await stagedContents(base)).map(([name]) => name));
  assert.deepEqual(names, new Set(['ar.zip/1', 'ar.zip/2']));
});

test('a base in whose place another directory was made gets nothing', async (t) => {
  const { base, archives } = makeArchives(t);
  await archives.open('ar.zip/1').close();
  renameSync(base, join(tempDir(t), 'away'));
  mkdirSync(inboxOf(base), { recursive: true });
  await assert.rejects(archives.open('ar.zip/2').close(), { code: 'archive.base' });
  assert.deepEqual(await stagedContents(base), []);
});

/** Twice: memory outside of the heap is freed beside the work, but at the latest before the next time. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  collect();
}
