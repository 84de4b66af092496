import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inboxOf } from '../../../../shared/archives/places.ts';
import { type FileCalls, nodeCalls } from '../../../../shared/archives/staging/file-calls.ts';
import { EnvironmentError, errnoOf } from '../../../../shared/errors.ts';
import { cannotMount, mountTmpfs } from '../../../support/mounts.ts';
import { errnoError, makeDepositor, readInbox, stagedContents } from '../../../support/staged.ts';
import { tempDir } from '../../../support/temp.ts';

/** Calls of which some fail while `errno` is set; a write does a part of its work before. */
class FailingCalls {
  errno: string | undefined;
  readonly calls: FileCalls;

  constructor(...names: ('write' | 'fdatasync' | 'truncate' | 'rename' | 'open')[]) {
    const fails = (name: (typeof names)[number]): boolean => this.errno !== undefined && names.includes(name);
    const fail = (syscall: string): never => {
      throw errnoError(this.errno ?? '', syscall);
    };
    this.calls = {
      ...nodeCalls,
      write: async (fd, buffer, position) => {
        if (!fails('write')) return nodeCalls.write(fd, buffer, position);
        await nodeCalls.write(fd, buffer.subarray(0, buffer.length / 2), position);
        return fail('write');
      },
      fdatasync: async (fd) => (fails('fdatasync') ? fail('fsync') : nodeCalls.fdatasync(fd)),
      truncate: async (fd, size) => (fails('truncate') ? fail('ftruncate') : nodeCalls.truncate(fd, size)),
      rename: async (from, to) => (fails('rename') ? fail('rename') : nodeCalls.rename(from, to)),
      open: async (path, flags, mode) => (fails('open') ? fail('open') : nodeCalls.open(path, flags, mode)),
    };
  }
}

const LARGE = 'some text '.repeat(200_000);

for (const [errno, code] of [
  ['ENOSPC', 'archive.no-space'],
  ['EDQUOT', 'archive.no-space'],
  ['EIO', 'archive.io'],
] as const) {
  for (const [kind, content] of [
    ['small', 'content'],
    ['large', LARGE],
  ] as const) {
    test(`${errno} in the middle of a ${kind} deposit is cut off, and the next one follows`, async (t) => {
      const failing = new FailingCalls('write');
      const { base, depositor, deposit } = makeDepositor(t, { calls: failing.calls });
      const { staging } = await deposit('ar.zip/before', 'before');
      const { size } = statSync(join(inboxOf(base), `${staging}.1.open`));
      failing.errno = errno;
      await assert.rejects(
        deposit('ar.zip/cut', content),
        (error) =>
          error instanceof EnvironmentError &&
          error.code === code &&
          error.retryable &&
          errnoOf(error.cause) === errno,
      );
      assert.equal(statSync(join(inboxOf(base), `${staging}.1.open`)).size, size);
      failing.errno = undefined;
      assert.equal((await deposit('ar.zip/after', 'after')).staging, staging);
      await depositor.close();
      assert.deepEqual(await stagedContents(base), [
        ['ar.zip/after', 'after'],
        ['ar.zip/before', 'before'],
      ]);
      assert.deepEqual((await readInbox(base))[0]?.damages, []);
    });
  }
}

for (const names of [
  ['fdatasync'],
  ['write', 'truncate'],
  ['rename'],
  ['fdatasync', 'truncate', 'rename'],
] as const) {
  test(`after a failed ${names.join(' and ')} nothing is written behind it, and what was acknowledged is there`, async (t) => {
    const failing = new FailingCalls(...names);
    const errors: unknown[] = [];
    const { base, deposit } = makeDepositor(t, {
      calls: failing.calls,
      onError: (error) => errors.push(error),
    });
    const before = await deposit('ar.zip/before', 'before');
    failing.errno = 'EIO';
    await assert.rejects(deposit('ar.zip/failed', 'failed'), { code: 'archive.io' });
    failing.errno = undefined;
    const after = await deposit('ar.zip/after', 'after');
    assert.notEqual(after.staging, before.staging);
    const names_ = (await stagedContents(base)).map(([name]) => name);
    assert.ok(names_.includes('ar.zip/before') && names_.includes('ar.zip/after'));
    const [left] = (await readInbox(base)).filter(({ file }) => file.startsWith(before.staging));
    const couldRename = !names.some((name) => name === 'rename');
    assert.equal(left?.name.state, couldRename ? 'taken' : 'open');
    assert.equal(errors.length, couldRename ? 0 : 1);
  });
}

test('a staging archive whose directory cannot be written is never called closed, and is read all the same', async (t) => {
  const failing = new FailingCalls('write');
  const errors: unknown[] = [];
  const { base, depositor, deposit } = makeDepositor(t, {
    calls: failing.calls,
    onError: (error) => errors.push(error),
  });
  const { staging } = await deposit('ar.zip/1', '1');
  failing.errno = 'ENOSPC';
  await depositor.close();
  assert.deepEqual(readdirSync(inboxOf(base)), [`${staging}.taken`]);
  assert.deepEqual(await stagedContents(base), [['ar.zip/1', '1']]);
  assert.ok(errors[0] instanceof EnvironmentError && errors[0].code === 'archive.no-space');
});

test('a staging archive that cannot be made fails what waits for it, and no more', async (t) => {
  const failing = new FailingCalls('open');
  const { base, deposit } = makeDepositor(t, { calls: failing.calls });
  failing.errno = 'EACCES';
  await assert.rejects(Promise.all([deposit('ar.zip/1', '1'), deposit('ar.zip/2', '2')]), {
    code: 'archive.base',
  });
  failing.errno = undefined;
  await deposit('ar.zip/3', '3');
  assert.deepEqual(await stagedContents(base), [['ar.zip/3', '3']]);
});

test('a full disk fails what it has no room for, small and large, and takes it when there is room again', {
  skip: cannotMount(),
}, async (t) => {
  const base = mountTmpfs(t, join(tempDir(t), 'disk'), 8 * 1024 ** 2);
  const { depositor, deposit } = makeDepositor(t, { base, compression: 'store', onError: () => undefined });
  const content = Buffer.alloc(700_000, 'x');
  const large = Buffer.alloc(3_000_000, 'y');
  await deposit('ar.zip/0', content);
  writeFileSync(join(base, 'ballast'), Buffer.alloc(5 * 1024 ** 2));
  const acknowledged = ['ar.zip/0'];
  const failed: string[] = [];
  const put = async (name: string, bytes: Buffer): Promise<void> => {
    try {
      await deposit(name, bytes);
      acknowledged.push(name);
    } catch (error) {
      assert.ok(error instanceof EnvironmentError && error.code === 'archive.no-space', String(error));
      failed.push(name);
    }
  };
  await Promise.all([put('ar.zip/large', large), ...[1, 2, 3, 4, 5].map((n) => put(`ar.zip/${n}`, content))]);
  for (const n of [6, 7, 8]) await put(`ar.zip/${n}`, content);
  assert.ok(failed.includes('ar.zip/large') && failed.length > 5 && acknowledged.length > 2);
  rmSync(join(base, 'ballast'));
  await deposit('ar.zip/large', large);
  await depositor.close();
  const files = await readInbox(base);
  const found = files.flatMap(({ members }) => members.map(({ name }) => name)).sort();
  assert.deepEqual(found, [...acknowledged, 'ar.zip/large'].sort());
  assert.deepEqual(
    files.flatMap(({ damages }) => damages),
    [],
  );
});
