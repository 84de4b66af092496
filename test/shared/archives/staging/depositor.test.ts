import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseArchivePath } from '../../../../shared/archives/archive-path.ts';
import { METHODS } from '../../../../shared/archives/contract.ts';
import { inboxOf } from '../../../../shared/archives/places.ts';
import { type FileCalls, nodeCalls } from '../../../../shared/archives/staging/file-calls.ts';
import {
  makeDepositor,
  readInbox,
  sha256Of,
  stagedContents,
  TurnedClock,
  WRITER,
} from '../../../support/staged.ts';
import { tempDir } from '../../../support/temp.ts';

/** How often each call was made on staging archives. */
function countedCalls(): { calls: FileCalls; counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const counted =
    <Args extends unknown[], Result>(name: string, call: (...args: Args) => Result) =>
    (...args: Args): Result => {
      counts[name] = (counts[name] ?? 0) + 1;
      return call(...args);
    };
  const calls = {
    ...nodeCalls,
    write: counted('write', nodeCalls.write),
    fdatasync: counted('fdatasync', nodeCalls.fdatasync),
    rename: counted('rename', nodeCalls.rename),
  };
  return { calls, counts };
}

test('what was deposited stands in a closed staging archive with its bytes, mode and time', async (t) => {
  const { base, depositor, deposit } = makeDepositor(t);
  const text = 'line of a log\n'.repeat(500);
  const { staging, sha256 } = await deposit('sub/ar.zip/a/b.log', text);
  await depositor.close();
  const [file] = await readInbox(base);
  assert.equal(file?.file, `${staging}.zip`);
  assert.equal(sha256.toString('hex'), sha256Of(text));
  const [member] = file?.members ?? [];
  assert.deepEqual(
    { ...member, content: member?.content.toString(), sha256: member?.sha256.toString('hex') },
    {
      ...member,
      name: 'sub/ar.zip/a/b.log',
      to: { archive: 'sub/ar.zip', member: 'a/b.log' },
      method: METHODS.deflate,
      mode: 0o100640,
      mtimeMs: 1_700_000_000_123,
      sizeBytes: text.length,
      sha256: sha256Of(text),
      content: text,
    },
  );
  assert.deepEqual(file?.damages, []);
});

test('the staging archive says whose it is', async (t) => {
  const { base, deposit } = makeDepositor(t, { host: 'pier.example.org' });
  const { staging } = await deposit('ar.zip/a', 'a');
  const [file] = await readInbox(base);
  assert.equal(file?.file, `${staging}.1.open`);
  assert.deepEqual(
    { host: file?.name.host, pid: file?.name.pid, pidStart: file?.name.pidStart, turn: file?.name.turn },
    { host: 'pier-example-org', pid: WRITER.pid, pidStart: WRITER.pidStart, turn: 1 },
  );
});

test('deposits of one turn of the event loop share one write, one fdatasync and one rename', async (t) => {
  const { calls, counts } = countedCalls();
  const { base, deposit } = makeDepositor(t, { calls });
  await Promise.all(Array.from({ length: 100 }, (_, n) => deposit(`ar.zip/${n}`, `content ${n}`)));
  assert.deepEqual(counts, { write: 1, fdatasync: 1, rename: 1 });
  assert.equal((await stagedContents(base)).length, 100);
});

test('deposits that come while one is made durable are acknowledged together after it', async (t) => {
  const { calls, counts } = countedCalls();
  const waits = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow = async (fd: number): Promise<void> => {
    begun.resolve();
    await waits.promise;
    await calls.fdatasync(fd);
  };
  const { deposit } = makeDepositor(t, { calls: { ...calls, fdatasync: slow } });
  const first = deposit('ar.zip/first', '1');
  await begun.promise;
  const others = Array.from({ length: 50 }, (_, n) => deposit(`ar.zip/${n}`, 'x'));
  waits.resolve();
  await Promise.all([first, ...others]);
  assert.deepEqual(counts, { write: 2, fdatasync: 2, rename: 2 });
});

test('a content is stored where deflating makes it no smaller, and where that is asked for', async (t) => {
  const noise = randomBytes(2000);
  const { base, deposit } = makeDepositor(t);
  await Promise.all([deposit('ar.zip/noise', noise), deposit('ar.zip/empty', '')]);
  const stored = makeDepositor(t, { compression: 'store' });
  await stored.deposit('ar.zip/text', 'aaaa'.repeat(1000));
  for (const where of [base, stored.base])
    for (const { members } of await readInbox(where))
      for (const { method, packedBytes, sizeBytes } of members)
        assert.deepEqual([method, packedBytes], [METHODS.store, sizeBytes]);
});

const LARGE_BYTES = 5 * 1024 ** 2 + 17;

for (const [kind, content, method] of [
  ['that shrinks', Buffer.alloc(LARGE_BYTES, 'shrinks well, '), METHODS.deflate],
  ['that does not shrink', randomBytes(LARGE_BYTES), METHODS.store],
] as const) {
  test(`a large content ${kind} is streamed from memory and from a file`, async (t) => {
    const path = join(tempDir(t), 'content');
    writeFileSync(path, content);
    const fd = openSync(path, 'r');
    t.after(() => closeSync(fd));
    const { base, depositor, deposit } = makeDepositor(t);
    const facts = { mode: 0o600, mtimeMs: 5 };
    await Promise.all([
      deposit('ar.zip/before', 'small'),
      deposit('ar.zip/bytes', content),
      depositor.deposit(parseArchivePath('ar.zip/fd'), { fd, sizeBytes: LARGE_BYTES }, facts),
      deposit('ar.zip/after', 'small'),
    ]);
    await depositor.close();
    const [file, ...more] = await readInbox(base);
    assert.deepEqual([file?.damages, more], [[], []]);
    assert.equal(file?.members.length, 4);
    for (const member of file?.members.filter(({ sizeBytes }) => sizeBytes === LARGE_BYTES) ?? []) {
      assert.ok(member.content.equals(content));
      assert.equal(member.method, method);
    }
  });
}

for (const [kind, bytes] of [
  ['small', 100],
  ['large', 2 * 1024 ** 2],
] as const) {
  test(`a ${kind} content that is not what was expected is not deposited, its neighbours are`, async (t) => {
    const { base, depositor, deposit } = makeDepositor(t);
    const changed = { code: 'archive.content-changed', subject: 'ar.zip/bad' };
    const [good, bad] = await Promise.allSettled([
      deposit('ar.zip/good', 'good'),
      deposit('ar.zip/bad', randomBytes(bytes), { expectedSha256: Buffer.alloc(32) }),
    ]);
    assert.equal(good.status, 'fulfilled');
    assert.ok(bad.status === 'rejected');
    assert.partialDeepStrictEqual({ ...bad.reason }, changed);
    await assert.rejects(deposit('ar.zip/bad', randomBytes(bytes), { isUnchanged: () => false }), changed);
    await depositor.close();
    assert.deepEqual(await stagedContents(base), [['ar.zip/good', 'good']]);
    assert.deepEqual((await readInbox(base))[0]?.damages, []);
  });

  for (const [change, by] of [
    ['grown', 1],
    ['shrunk', -1],
  ] as const) {
    test(`a ${kind} file that has ${change} is not deposited`, async (t) => {
      const fd = openSync(join(tempDir(t), 'file'), 'w+');
      t.after(() => closeSync(fd));
      writeSync(fd, Buffer.alloc(bytes, 'x'));
      const { base, depositor } = makeDepositor(t);
      ftruncateSync(fd, bytes + by);
      const facts = { mode: 0o600, mtimeMs: 5 };
      await assert.rejects(depositor.deposit(parseArchivePath('ar.zip/m'), { fd, sizeBytes: bytes }, facts), {
        code: 'archive.content-changed',
      });
      await depositor.close();
      assert.deepEqual(await readInbox(base), [], 'a staging archive that holds nothing is removed');
    });
  }
}

test('a staging archive is closed and another begun when it is as old as rotateMs', async (t) => {
  const clock = new TurnedClock();
  const { base, deposit } = makeDepositor(t, { clock, rotateMs: 60_000 });
  const first = await deposit('ar.zip/1', '1');
  clock.ms += 59_999;
  assert.equal((await deposit('ar.zip/2', '2')).staging, first.staging);
  clock.ms += 1;
  const third = await deposit('ar.zip/3', '3');
  assert.notEqual(third.staging, first.staging);
  assert.deepEqual(
    readdirSync(inboxOf(base)).sort(),
    [`${first.staging}.zip`, `${third.staging}.1.open`].sort(),
  );
});

test('an idle one is renamed every ten seconds, and closed in its time, without a deposit', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = new TurnedClock();
  const renamed: string[] = [];
  let waiting = Promise.withResolvers<void>();
  const rename = async (from: string, to: string): Promise<void> => {
    await nodeCalls.rename(from, to);
    renamed.push(to.slice(to.lastIndexOf('/') + 1));
    waiting.resolve();
  };
  const { deposit } = makeDepositor(t, { clock, rotateMs: 25_000, calls: { ...nodeCalls, rename } });
  const { staging } = await deposit('ar.zip/1', '1');
  // The timer is set when the deposit's turn is over.
  await new Promise(setImmediate);
  for (const ms of [10_000, 10_000, 5_000]) {
    waiting = Promise.withResolvers();
    clock.ms += ms;
    t.mock.timers.tick(ms);
    await waiting.promise;
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }
  assert.deepEqual(renamed, [
    `${staging}.1.open`,
    `${staging}.2.open`,
    `${staging}.3.open`,
    `${staging}.zip`,
  ]);
});

test('a large deposit that takes long says that its writer lives, and stops when nobody would acknowledge it', async (t) => {
  const clock = new TurnedClock();
  const base = tempDir(t);
  const renamed: string[] = [];
  let writes = 0;
  const calls: FileCalls = {
    ...nodeCalls,
    write: (...args) => {
      writes += 1;
      clock.ms += 10_000;
      return nodeCalls.write(...args);
    },
    rename: async (from, to) => {
      await nodeCalls.rename(from, to);
      renamed.push(to);
    },
  };
  const { deposit } = makeDepositor(t, { base, clock, calls, compression: 'store' });
  const content = Buffer.alloc(LARGE_BYTES, 'x');
  await deposit('ar.zip/a', content);
  const [beats, writesOfOne] = [renamed.length - 1, writes];
  assert.ok(beats >= 4, `${beats} beats in 5 MiB`);

  const [file = ''] = readdirSync(inboxOf(base));
  renameSync(join(inboxOf(base), file), join(inboxOf(base), file.replace(/\d+\.open$/, 'taken')));
  await deposit('ar.zip/b', content);
  assert.ok(writes - writesOfOne < writesOfOne * 2, 'what was taken is not written to its end');
  assert.deepEqual((await readInbox(base)).map(({ members }) => members.length).sort(), [1, 1]);
});

test('nothing is deposited after close(), which may be called twice', async (t) => {
  const { depositor, deposit } = makeDepositor(t);
  const last = deposit('ar.zip/1', '1');
  await Promise.all([depositor.close(), depositor.close()]);
  await last;
  await assert.rejects(deposit('ar.zip/2', '2'), { code: 'archive.closed' });
});

test('a process that exits closes its staging archive at once', async (t) => {
  const { base, depositor, deposit } = makeDepositor(t);
  const { staging } = await deposit('ar.zip/1', '1');
  depositor.closeNow();
  depositor.closeNow();
  const [file] = await readInbox(base);
  assert.equal(file?.file, `${staging}.zip`);
  assert.equal(file?.members.length, 1);
});

test('a process that exits while a group is made durable keeps the group', async (t) => {
  const { promise: never } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let isFirst = true;
  const fdatasync = (fd: number): Promise<void> => {
    if (isFirst) {
      isFirst = false;
      return nodeCalls.fdatasync(fd);
    }
    begun.resolve();
    return never;
  };
  const { base, deposit, depositor } = makeDepositor(
    t,
    { calls: { ...nodeCalls, fdatasync } },
    { isClosed: false },
  );
  await deposit('ar.zip/1', '1');
  void deposit('ar.zip/2', '2');
  await begun.promise;
  depositor.closeNow();
  const [file] = await readInbox(base);
  assert.equal(file?.name.state, 'closed');
  assert.deepEqual(await stagedContents(base), [
    ['ar.zip/1', '1'],
    ['ar.zip/2', '2'],
  ]);
});

test('a process that exits while bytes are on their way leaves the file to be recovered', async (t) => {
  const { promise: never } = Promise.withResolvers<number>();
  const begun = Promise.withResolvers<void>();
  const write = async (fd: number, buffer: Buffer, position: number): Promise<number> => {
    if (position === 0) return nodeCalls.write(fd, buffer, position);
    await nodeCalls.write(fd, buffer.subarray(0, 40), position);
    begun.resolve();
    return never;
  };
  const { base, deposit, depositor } = makeDepositor(
    t,
    { calls: { ...nodeCalls, write } },
    { isClosed: false },
  );
  const { staging } = await deposit('ar.zip/1', '1');
  void deposit('ar.zip/2', '2');
  await begun.promise;
  depositor.closeNow();
  const [file] = await readInbox(base);
  assert.equal(file?.file, `${staging}.1.open`);
  assert.deepEqual(await stagedContents(base), [['ar.zip/1', '1']]);
  assert.equal(file?.damages.length, 1);
});

test('an inbox that was removed is made again, and the base never', async (t) => {
  const base = join(tempDir(t), 'base');
  const { deposit } = makeDepositor(t, { base });
  const away = { code: 'archive.base', retryable: true };
  await assert.rejects(deposit('ar.zip/1', '1'), away);
  const { base: there, deposit: put } = makeDepositor(t);
  await put('ar.zip/1', '1');
  rmSync(inboxOf(there), { recursive: true });
  await put('ar.zip/2', '2');
  assert.deepEqual(await stagedContents(there), [['ar.zip/2', '2']]);
});
