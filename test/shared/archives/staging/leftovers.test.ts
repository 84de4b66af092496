import assert from 'node:assert/strict';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inboxOf } from '../../../../shared/archives/places.ts';
import { type FileCalls, nodeCalls } from '../../../../shared/archives/staging/file-calls.ts';
import {
  errnoError,
  makeDepositor,
  readInbox,
  stagedContents,
  TurnedClock,
} from '../../../support/staged.ts';

/** A depositor whose renames, opens and unlinks fail as a test wants them to; an `open` is done before it fails. */
function fragile(t: TestContext) {
  const failing: { rename?: string; open?: string; unlink?: string } = {};
  const fail = (call: keyof typeof failing): void => {
    const code = failing[call];
    if (code !== undefined) throw errnoError(code, call);
  };
  const calls: FileCalls = {
    ...nodeCalls,
    rename: async (from, to) => {
      fail('rename');
      await nodeCalls.rename(from, to);
    },
    unlink: async (path) => {
      fail('unlink');
      await nodeCalls.unlink(path);
    },
    open: async (path, flags, mode) => {
      const fd = await nodeCalls.open(path, flags, mode);
      if (failing.open === undefined || !path.endsWith('.0.open')) return fd;
      await nodeCalls.close(fd);
      throw errnoError(failing.open, 'open');
    },
  };
  const clock = new TurnedClock();
  const errors: unknown[] = [];
  const made = makeDepositor(t, { calls, clock, onError: (error) => errors.push(error) });
  return { ...made, failing, clock, errors, files: () => readdirSync(inboxOf(made.base)).sort() };
}

/** It is waited for in vain where it never comes. */
const LIMIT = { timeout: 5_000 };

const until = async ({ signal }: TestContext, isSo: () => boolean): Promise<void> => {
  while (!isSo() && !signal.aborted) await new Promise(setImmediate);
};

test(
  'a staging archive that cannot be renamed when it is closed is closed as soon as it can be',
  LIMIT,
  async (t) => {
    const { base, deposit, failing, clock, errors, files } = fragile(t);
    const { staging } = await deposit('ar.zip/1', '1');
    clock.ms += 300_000;
    failing.rename = 'EACCES';
    await assert.rejects(deposit('ar.zip/2', '2'), { code: 'archive.base' });
    assert.ok(files().includes(`${staging}.1.open`));
    assert.ok(errors.length > 0);
    delete failing.rename;
    clock.ms += 10_000;
    await deposit('ar.zip/3', '3');
    // It has its directory, and so its own name.
    await until(t, () => files().includes(`${staging}.zip`));
    assert.equal((await readInbox(base)).find(({ file }) => file === `${staging}.zip`)?.members.length, 1);
  },
);

test(
  'one that could not be closed at close() is closed later all the same, without a deposit',
  LIMIT,
  async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { depositor, deposit, failing, clock, files } = fragile(t);
    const { staging } = await deposit('ar.zip/1', '1');
    failing.rename = 'EIO';
    await depositor.close();
    assert.deepEqual(files(), [`${staging}.1.open`]);
    clock.ms += 10_000;
    t.mock.timers.tick(10_000);
    // Tried in vain, and again after as long.
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    delete failing.rename;
    while (!files().includes(`${staging}.zip`) && !t.signal.aborted) {
      clock.ms += 10_000;
      t.mock.timers.tick(10_000);
      await new Promise(setImmediate);
    }
    assert.deepEqual(files(), [`${staging}.zip`]);
  },
);

test('what could not be renamed before is tried once more at close()', LIMIT, async (t) => {
  const { depositor, deposit, failing, base, files } = fragile(t);
  const { staging } = await deposit('ar.zip/1', '1');
  failing.rename = 'EIO';
  await assert.rejects(deposit('ar.zip/2', '2'), { code: 'archive.io' });
  assert.ok(files().includes(`${staging}.1.open`));
  delete failing.rename;
  await depositor.close();
  assert.deepEqual(files(), [`${staging}.taken`]);
  assert.deepEqual(await stagedContents(base), [['ar.zip/1', '1']]);
});

test('one whose name was gone for a moment only is collected', LIMIT, async (t) => {
  const { base, deposit, failing, clock, files } = fragile(t);
  const { staging } = await deposit('ar.zip/1', '1');
  renameSync(join(inboxOf(base), `${staging}.1.open`), join(base, 'hidden'));
  await deposit('ar.zip/2', '2');
  renameSync(join(base, 'hidden'), join(inboxOf(base), `${staging}.1.open`));
  clock.ms += 10_000;
  failing.rename = 'ESTALE';
  await assert.rejects(deposit('ar.zip/3', '3'));
  assert.ok(files().includes(`${staging}.1.open`));
  delete failing.rename;
  clock.ms += 10_000;
  await deposit('ar.zip/4', '4');
  await until(t, () => files().includes(`${staging}.taken`));
});

test('a file whose making was done though it was said to have failed does not stay', LIMIT, async (t) => {
  const { deposit, failing, clock, files } = fragile(t);
  failing.open = 'EIO';
  await assert.rejects(deposit('ar.zip/1', '1'), { code: 'archive.io' });
  assert.deepEqual(files(), []);
  failing.unlink = 'EIO';
  await assert.rejects(deposit('ar.zip/1', '1'), { code: 'archive.io' });
  const [left = ''] = files();
  assert.match(left, /\.0\.open$/);
  delete failing.unlink;
  delete failing.open;
  clock.ms += 10_000;
  const { staging } = await deposit('ar.zip/1', '1');
  await until(t, () => !files().includes(left));
  assert.deepEqual(files(), [`${staging}.1.open`]);
});
