import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ArchiveCrashPoint } from '../../../../shared/archives/contract.ts';
import { pickup } from '../../../../shared/archives/library/pickup.ts';
import { inboxOf } from '../../../../shared/archives/places.ts';
import { nodeCalls } from '../../../../shared/archives/staging/file-calls.ts';
import { cannotMount } from '../../../support/mounts.ts';
import { openBelow } from '../../../support/open-below.ts';
import { errnoError, makeDepositor, readInbox, stagedContents } from '../../../support/staged.ts';
import { tempDir } from '../../../support/temp.ts';
import { makeArchives } from './a-library.ts';

/** A file of somebody else's, and archives where `at` is done when a point is reached. */
function setUp(t: TestContext, content = 'content', at: Partial<Record<ArchiveCrashPoint, () => void>> = {}) {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, content);
  return { path, ...makeArchives(t, { crash: { reach: (point) => at[point]?.() } }) };
}

test('a file is deposited with its mode and time, and is gone then', async (t) => {
  const { path, base, archives } = setUp(t);
  chmodSync(path, 0o751);
  utimesSync(path, 1000, 1234.567);
  await archives.pickup(path, 'ar.zip/a');
  assert.ok(!existsSync(path));
  const [file] = await readInbox(base);
  const [member] = file?.members ?? [];
  assert.deepEqual(
    [member?.name, member?.content.toString(), member?.mode, member?.mtimeMs],
    ['ar.zip/a', 'content', 0o100751, 1_234_567],
  );
});

test('a file may be kept', async (t) => {
  const { path, base, archives } = setUp(t);
  await archives.pickup(path, 'ar.zip/a', { keep: true });
  assert.equal(readFileSync(path, 'utf8'), 'content');
  assert.deepEqual(await stagedContents(base), [['ar.zip/a', 'content']]);
});

test('a large file is picked up in pieces', async (t) => {
  const { path, base, archives } = setUp(t, 'large '.repeat(500_000));
  await archives.pickup(path, 'ar.zip/a');
  assert.ok(!existsSync(path));
  assert.equal((await stagedContents(base))[0]?.[1].length, 3_000_000);
});

test('a file is still there when its deposit is durable, and not yet acknowledged', async (t) => {
  let wasThere = false;
  const { path, archives } = setUp(t, 'content', {
    'staging.durable': () => {
      wasThere = existsSync(path);
    },
  });
  await archives.pickup(path, 'ar.zip/a');
  assert.ok(wasThere);
});

test('a file stays when its deposit fails', async (t) => {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, 'content');
  const fdatasync = async (): Promise<void> => {
    throw errnoError('EIO', 'fsync');
  };
  const { archives } = makeArchives(t, { calls: { ...nodeCalls, fdatasync } });
  await assert.rejects(archives.pickup(path, 'ar.zip/a'), { code: 'archive.io' });
  assert.equal(readFileSync(path, 'utf8'), 'content');
});

for (const [how, change] of [
  ['grows', (path: string) => appendFileSync(path, ' more')],
  [
    'is replaced',
    (path: string) => {
      writeFileSync(`${path}.new`, 'another');
      renameSync(`${path}.new`, path);
    },
  ],
] as const) {
  test(`a file that ${how} before it is read is not deposited, and stays`, async (t) => {
    const { path } = setUp(t);
    const { base, depositor } = makeDepositor(t);
    const picking = pickup(path, {}, async (content, facts) => {
      change(path);
      await depositor.deposit({ archive: 'ar.zip', member: 'a' }, content, facts);
    });
    await assert.rejects(picking, { code: 'archive.content-changed' });
    assert.ok(existsSync(path));
    assert.deepEqual(await stagedContents(base), []);
  });

  test(`a file that ${how} after it was read is deposited as it was, and stays`, async (t) => {
    const { path, base, archives } = setUp(t, 'content', { 'staging.acknowledged': () => change(path) });
    await assert.rejects(archives.pickup(path, 'ar.zip/a'), {
      code: 'archive.pickup-changed',
      subject: path,
    });
    assert.ok(existsSync(path));
    assert.deepEqual(await stagedContents(base), [['ar.zip/a', 'content']]);
  });
}

/** Opens a file for writing; closed at the end of the test at the latest. */
function openToWrite(t: TestContext, path: string): { write(text: string): void; close(): void } {
  let fd: number | undefined = openSync(path, 'r+');
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  t.after(close);
  return { write: (text) => writeSync(fd ?? -1, text), close };
}

test('a file that is open for writing is not picked up, and is when it was closed', async (t) => {
  const { path, base, archives } = setUp(t);
  const writer = openToWrite(t, path);
  for (const keep of [false, true])
    await assert.rejects(archives.pickup(path, 'ar.zip/a', { keep }), {
      code: 'archive.pickup-open',
      subject: path,
      retryable: true,
    });
  assert.equal(readFileSync(path, 'utf8'), 'content');
  assert.ok(!existsSync(inboxOf(base)));
  writer.close();
  await archives.pickup(path, 'ar.zip/a');
  assert.deepEqual(await stagedContents(base), [['ar.zip/a', 'content']]);
});

for (const content of ['content', 'content'.repeat(300_000)]) {
  test(`a file of ${content.length} bytes that is opened for writing while it is read is not deposited, and stays`, async (t) => {
    const { path } = setUp(t, content);
    const { base, depositor } = makeDepositor(t);
    const picking = pickup(path, {}, async (bytes, facts) => {
      openToWrite(t, path);
      await depositor.deposit({ archive: 'ar.zip', member: 'a' }, bytes, facts);
    });
    await assert.rejects(picking, { code: 'archive.pickup-open' });
    assert.ok(existsSync(path));
    assert.deepEqual(await stagedContents(base), []);
  });
}

test('a file that was overwritten while it was read is not deposited, though nobody has it open any more', async (t) => {
  const { path } = setUp(t);
  // Else both writes may have one time.
  utimesSync(path, 1000, 1000);
  const { base, depositor } = makeDepositor(t);
  const picking = pickup(path, {}, async (content, facts) => {
    const writer = openToWrite(t, path);
    writer.write('CONTENT');
    writer.close();
    await depositor.deposit({ archive: 'ar.zip', member: 'a' }, content, facts);
  });
  await assert.rejects(picking, { code: 'archive.content-changed' });
  assert.equal(readFileSync(path, 'utf8'), 'CONTENT');
  assert.deepEqual(await stagedContents(base), []);
});

test('a file that is opened for writing after it was deposited stays', async (t) => {
  const { path, archives } = setUp(t, 'content', {
    'staging.acknowledged': () => openToWrite(t, path).write('C'),
  });
  await assert.rejects(archives.pickup(path, 'ar.zip/a'), { code: 'archive.pickup-changed' });
  assert.equal(readFileSync(path, 'utf8'), 'Content');
});

test('where the kernel cannot tell who writes, a file is picked up', async (t) => {
  const { path } = setUp(t);
  const { base, depositor } = makeDepositor(t);
  openToWrite(t, path);
  const deposit = async (...[content, facts]: Parameters<Parameters<typeof pickup>[2]>) => {
    await depositor.deposit({ archive: 'ar.zip', member: 'a' }, content, facts);
  };
  await pickup(path, {}, deposit, { hasOpenWriter: () => 'unknown' });
  assert.ok(!existsSync(path));
  assert.deepEqual(await stagedContents(base), [['ar.zip/a', 'content']]);
});

test('of many that are picked up together few are open at a time, also while the archives are closed', async (t) => {
  const directory = tempDir(t);
  const names = Array.from({ length: 600 }, (_, number) => `${number}`);
  for (const name of names) writeFileSync(join(directory, name), name);
  let mostOpen = 0;
  const { base, archives } = makeArchives(t, {
    crash: {
      reach: () => {
        mostOpen = Math.max(mostOpen, openBelow(directory));
      },
    },
  });
  const picking = names.map((name) => archives.pickup(join(directory, name), `ar.zip/${name}`));
  await archives.close();
  await Promise.all(picking);
  assert.ok(mostOpen > 1 && mostOpen <= 256, `${mostOpen} were open`);
  assert.deepEqual(readdirSync(directory), []);
  assert.equal((await stagedContents(base)).length, 600);
});

test('a file that another one has picked up meanwhile is gone, as it should be', async (t) => {
  const { path, base, archives } = setUp(t, 'content', { 'staging.acknowledged': () => rmSync(path) });
  await archives.pickup(path, 'ar.zip/a');
  assert.deepEqual(await stagedContents(base), [['ar.zip/a', 'content']]);
});

test('a file that cannot be removed was deposited nevertheless, and the error says so', async (t) => {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, 'content');
  const { base, depositor } = makeDepositor(t);
  const mount = cannotMount();
  if (mount !== undefined) return t.skip(mount);
  // What is mounted on cannot be unlinked, whoever asks.
  execFileSync('mount', ['--bind', path, path]);
  t.after(() => execFileSync('umount', [path]));
  const picking = pickup(path, {}, async (content, facts) => {
    await depositor.deposit({ archive: 'ar.zip', member: 'a' }, content, facts);
  });
  await assert.rejects(picking, { code: 'archive.pickup-left', subject: path });
  assert.deepEqual(await stagedContents(base), [['ar.zip/a', 'content']]);
});

test('a file that is not there is nothing to pick up', async (t) => {
  const { path, base, archives } = setUp(t);
  await assert.rejects(archives.pickup(`${path}.gone`, 'ar.zip/a'), { code: 'archive.pickup' });
  assert.ok(!existsSync(inboxOf(base)));
});

test('links, directories and names that will not do are refused, and stay', async (t) => {
  const { path, archives } = setUp(t);
  const directory = tempDir(t);
  symlinkSync(path, join(directory, 'link'));
  mkdirSync(join(directory, 'directory'));
  for (const name of ['link', 'directory'])
    await assert.rejects(archives.pickup(join(directory, name), 'ar.zip/a'), {
      name: 'UsageError',
      code: 'archive.pickup',
    });
  await assert.rejects(archives.pickup(path, 'ar.zip'), { code: 'archive.name' });
  assert.equal(statSync(path).size, 7);
});
