import assert from 'node:assert/strict';
import fs, { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { openArchives } from '../../../../shared/archives/index.ts';
import { inboxOf } from '../../../../shared/archives/places.ts';
import { type FileCalls, nodeCalls } from '../../../../shared/archives/staging/file-calls.ts';
import { cannotMount, mountBind, mountTmpfs, unmount } from '../../../support/mounts.ts';
import { makeDepositor, stagedContents, TurnedClock } from '../../../support/staged.ts';
import { tempDir } from '../../../support/temp.ts';

const AWAY = { code: 'archive.base', retryable: true };

test('while another directory stands in the place of the base nothing is deposited there', async (t) => {
  const base = join(tempDir(t), 'base');
  mkdirSync(base);
  const { deposit } = makeDepositor(t, { base });
  await deposit('ar.zip/1', '1');
  renameSync(base, `${base}.away`);
  mkdirSync(base);
  await assert.rejects(deposit('ar.zip/2', '2'), AWAY);
  mkdirSync(inboxOf(base));
  await assert.rejects(deposit('ar.zip/2', '2'), AWAY);
  assert.deepEqual(readdirSync(inboxOf(base)), []);
  rmSync(base, { recursive: true });
  renameSync(`${base}.away`, base);
  await deposit('ar.zip/3', '3');
  const names = (await stagedContents(base)).map(([name]) => name);
  assert.ok(names.includes('ar.zip/1') && names.includes('ar.zip/3'));
});

test('what the library opened is the base, also before the first deposit', async (t) => {
  const base = join(tempDir(t), 'base');
  mkdirSync(base);
  await using archives = await openArchives(base);
  renameSync(base, `${base}.away`);
  mkdirSync(base);
  const file = archives.open('ar.zip/1');
  await assert.rejects(file.close(), AWAY);
  assert.deepEqual(readdirSync(base), []);
  await file.discard();
});

test('without its file system the base takes nothing, and what was open is collected when it is there again', {
  skip: cannotMount(),
  timeout: 5_000,
}, async (t) => {
  const home = join(tempDir(t), 'home');
  const base = join(tempDir(t), 'base');
  mkdirSync(base);
  mountTmpfs(t, home, 1024 ** 2);
  mountBind(t, home, base);
  const clock = new TurnedClock();
  const { deposit } = makeDepositor(t, { base, clock });
  const { staging } = await deposit('ar.zip/1', '1');
  unmount(base);
  await assert.rejects(deposit('ar.zip/2', '2'), AWAY);
  assert.deepEqual(readdirSync(base), []);
  clock.ms += 10_000;
  await assert.rejects(deposit('ar.zip/2', '2'), AWAY);
  mountBind(t, home, base);
  while (!existsSync(join(inboxOf(base), `${staging}.taken`))) {
    t.signal.throwIfAborted();
    clock.ms += 10_000;
    await deposit('ar.zip/3', '3');
  }
});

/** Calls that find directories elsewhere than they are. */
class MovedCalls {
  dev = 0n;
  inboxIno = 0n;
  looks = 0;
  onLook: (() => void) | undefined;
  readonly calls: FileCalls = {
    ...nodeCalls,
    stat: async (path) => {
      this.looks += 1;
      this.onLook?.();
      const { dev, ino } = await nodeCalls.stat(path);
      return { dev: dev + this.dev, ino: path.endsWith('inbox') ? ino + this.inboxIno : ino };
    },
  };
}

test('a file system that is mounted again under another number is known by its directories', async (t) => {
  const moved = new MovedCalls();
  const clock = new TurnedClock();
  const { deposit } = makeDepositor(t, { calls: moved.calls, clock });
  const first = await deposit('ar.zip/1', '1');
  clock.ms += 300_000;
  moved.dev = 1n;
  const second = await deposit('ar.zip/2', '2');
  assert.notEqual(first.staging, second.staging);
  clock.ms += 300_000;
  moved.dev = 2n;
  moved.inboxIno = 1n;
  await assert.rejects(deposit('ar.zip/3', '3'), AWAY);
});

test('a staging archive that was made while the file system went is taken away again', async (t) => {
  const moved = new MovedCalls();
  const { base, deposit } = makeDepositor(t, { calls: moved.calls });
  moved.onLook = () => {
    if (moved.looks === 2) moved.dev = 1n;
  };
  await assert.rejects(deposit('ar.zip/1', '1'), AWAY);
  assert.deepEqual(readdirSync(inboxOf(base)), []);
});

test('the name of an inbox that another process has made is made durable before anything is acknowledged', async (t) => {
  const { base, deposit } = makeDepositor(t);
  mkdirSync(inboxOf(base));
  const synced: number[] = [];
  const { fsyncSync } = fs;
  t.mock.method(fs, 'fsyncSync', (fd: number) => {
    synced.push(fs.fstatSync(fd).ino);
    fsyncSync(fd);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  await deposit('ar.zip/1', '1');
  assert.ok(synced.includes(fs.statSync(base).ino));
});
