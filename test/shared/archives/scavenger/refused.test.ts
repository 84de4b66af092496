import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cannotMount, mountTmpfs } from '../../../support/mounts.ts';
import { errnoError } from '../../../support/staged.ts';
import { tempDir } from '../../../support/temp.ts';
import { Base } from './base.ts';
import { textsIn } from './read-zip.ts';

const mounts = { skip: cannotMount() ?? false };
const MIB = 1024 ** 2;

test('a full disk leaves what is staged and every archive as they were, and is said', mounts, async (t) => {
  const base = new Base(mountTmpfs(t, join(tempDir(t), 'small'), 8 * MIB));
  await base.deposit({ 'a.zip/old': randomBytes(MIB), 'b.zip/old': 'old' });
  await base.scavenge();
  await base.deposit({ 'a.zip/new': randomBytes(MIB), 'b.zip/new': 'new' });
  const { bavail, bsize } = statfsSync(base.path);
  writeFileSync(base.at('filler'), Buffer.alloc(bavail * bsize - MIB));
  await assert.rejects(base.scavenge(), { code: 'archive.no-space', retryable: true });
  assert.equal(base.inbox().length, 1);
  const [token = ''] = readdirSync(base.at('.wharfinger/work'));
  assert.deepEqual(readdirSync(base.at('.wharfinger/work', token)).toSorted(), ['holder.json', 'released']);
  assert.deepEqual(Object.keys(textsIn(base.at('a.zip'))), ['old']);
  rmSync(base.at('filler'));
  assert.equal((await base.scavenge()).members, 2);
  assert.deepEqual(Object.keys(textsIn(base.at('a.zip'))), ['old', 'new']);
});

test('a stop is heard between archives: what is published stays, the rest is staged', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one', 'b.zip/one': 'one', 'c.zip/one': 'one' });
  const stop = new AbortController();
  const report = await base.scavenge({
    signal: stop.signal,
    crash: {
      reach(point) {
        if (point === 'scavenge.published') stop.abort();
      },
    },
  });
  assert.deepEqual([report.members, report.stagingArchives, report.archives], [1, 0, 1]);
  assert.deepEqual(
    readdirSync(base.path).filter((name) => name.endsWith('.zip')),
    ['a.zip'],
  );
  const next = await base.scavenge();
  assert.deepEqual([next.members, next.duplicates, next.stagingArchives], [2, 1, 1]);
});

test('a staging archive that vanishes while it is collected is passed by', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  await base.deposit({ 'a.zip/two': 'two' });
  const report = await base.scavenge({
    crash: {
      reach(point) {
        if (point !== 'scavenge.fenced') return;
        rmSync(base.at('inbox', base.inbox()[0] ?? ''));
      },
    },
  });
  assert.equal(report.members, 1);
  assert.deepEqual(base.inbox(), []);
});

test('a staging archive that is replaced between its reading and its copying is not believed', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one', 'b.zip/one': 'one' });
  const [name = ''] = base.inbox();
  const report = await base.scavenge({
    crash: {
      reach(point) {
        // After a.zip, before b.zip.
        if (point !== 'scavenge.published') return;
        rmSync(base.at('inbox', name));
        writeFileSync(base.at('inbox', name), 'something else');
      },
    },
  });
  assert.equal(report.failures[0]?.archive, 'b.zip');
  assert.deepEqual(base.inbox(), [name]);
});

test('a staging archive that its writer, who only slept, has written to meanwhile is read again', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one', 'b.zip/one': 'one' }, { leaveOpen: true });
  let isFirst = true;
  const report = await base.scavenge({
    crash: {
      reach(point) {
        // After a.zip, before b.zip.
        if (point !== 'scavenge.published' || !isFirst) return;
        isFirst = false;
        appendFileSync(base.at('inbox', base.inbox()[0] ?? ''), Buffer.alloc(10));
      },
    },
  });
  assert.match(String(report.failures[0]?.error.message), /was changed while it was collected/);
  assert.equal(base.inbox().length, 1);
  const next = await base.scavenge();
  assert.deepEqual([next.members, next.duplicates, next.damaged], [1, 1, 0]);
});

test('a read-only volume is written anew, and is read-only again', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  await base.scavenge();
  chmodSync(base.at('a.zip'), 0o444);
  await base.deposit({ 'a.zip/two': 'two' });
  assert.deepEqual((await base.scavenge()).failures, []);
  assert.deepEqual(textsIn(base.at('a.zip')), { one: 'one', two: 'two' });
});

test('a directory in the way of an index holds up nothing but that archive', async (t) => {
  const base = Base.make(t);
  mkdirSync(base.at('.wharfinger'));
  writeFileSync(base.at('.wharfinger/index'), 'in the way');
  await base.deposit({ 'a.zip/one': 'x'.repeat(3000), 'b.zip/small': 'small' }, { compression: 'store' });
  const report = await base.scavenge({ volumeBytes: 2000 });
  assert.deepEqual(textsIn(base.at('b.zip')), { small: 'small' });
  assert.equal(report.failures.length, 1);
});

test('a pipe under the name of a staging archive that was read is not waited for', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one', 'b.zip/one': 'one' });
  const [name = ''] = base.inbox();
  const report = await base.scavenge({
    crash: {
      reach(point) {
        // After a.zip, before b.zip.
        if (point !== 'scavenge.published') return;
        rmSync(base.at('inbox', name));
        execFileSync('mkfifo', [base.at('inbox', name)]);
      },
    },
  });
  assert.equal(report.failures[0]?.archive, 'b.zip');
});

test('a directory that cannot be made durable fails its archive alone, whose members stay staged until it can', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one', 'b.zip/one': 'one', 'c.zip/one': 'one' });
  let renamed = 0;
  const report = await base.scavenge({
    crash: {
      reach(point) {
        if (point !== 'scavenge.renamed') return;
        renamed += 1;
        if (renamed === 2) throw errnoError('EIO', 'fsync');
      },
    },
  });
  assert.deepEqual(
    report.failures.map(({ archive }) => archive),
    ['b.zip'],
  );
  assert.deepEqual([report.members, report.stagingArchives, renamed], [2, 0, 3]);
  assert.equal(base.inbox().length, 1);
  const next = await base.scavenge();
  assert.deepEqual([next.members, next.duplicates, next.stagingArchives, next.failures.length], [0, 3, 1, 0]);
});
