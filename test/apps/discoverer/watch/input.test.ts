import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { join, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { cannotMount, mountTmpfs, unmount } from '../../../support/mounts.ts';
import { Harness } from '../harness.ts';

const closeWrite = { mode: 'close-write', stabilityMs: 60_000, scanMs: 3_600_000 } as const;

test('an input that vanishes is named once, and watched again when it is back', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  rmSync(toBytes(h.input), { recursive: true });
  await h.until('the log to say so', () => h.count('input.missing') === 1);
  h.write('sub/first.csv');
  await h.until('the file that came with it', () => h.enqueued === 1);
  h.write('sub/second.csv');
  await h.until('the file that came later', () => h.enqueued === 2);
  assert.deepEqual([h.count('input.missing'), h.count('input.recovered')], [1, 1]);
});

test('an input that is missing at the start is waited for', async (t) => {
  const h = new Harness(t, closeWrite);
  rmSync(toBytes(h.input), { recursive: true });
  h.start();
  await h.until('the log to say so', () => h.count('input.missing') === 1);
  h.write('a.csv');
  await h.until('the job', () => h.enqueued === 1);
});

test('an input that is moved away takes its files with it, and the one that takes its place is watched', async (t) => {
  const h = new Harness(t, closeWrite);
  h.write('sub/before.csv');
  await h.started();
  const away = join(h.fixture.directory, 'away');
  renameSync(toBytes(h.input), toBytes(away));
  await h.until('the log to say so', () => h.count('input.missing') === 1);
  mkdirSync(toBytes(h.input));
  h.write('../away/sub/elsewhere.csv');
  h.write('here.csv');
  await h.untilJobs('here.csv', 'sub/before.csv');
});

test('an input that is replaced by another directory at once is scanned, and that one watched', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  const other = join(h.fixture.directory, 'other');
  mkdirSync(toBytes(other));
  writeFileSync(toBytes(join(other, 'a.csv')), '');
  renameSync(toBytes(h.input), toBytes(join(h.fixture.directory, 'away')));
  renameSync(toBytes(other), toBytes(h.input));
  await h.untilJobs('a.csv');
  h.write('b.csv');
  await h.untilJobs('a.csv', 'b.csv');
});

test('while an input is missing its candidates and failed files are not forgotten', async (t) => {
  const h = new Harness(t, { mode: 'sidecar', scanMs: 3_600_000 });
  for (const name of ['candidate.csv', 'failed.csv', 'failed.csv.ok']) h.write(name);
  await h.started();
  await h.untilJobs('failed.csv');
  h.fail('failed.csv');
  const before = h.candidate('candidate.csv');
  assert.ok(before);
  const away = join(h.fixture.directory, 'away');
  renameSync(toBytes(h.input), toBytes(away));
  await h.until('the log to say so', () => h.count('input.missing') === 1);
  // Overdue, which would have it looked at within a second.
  h.clock.pass(10_000_000);
  await delay(1500);
  assert.deepEqual(h.candidate('candidate.csv'), before);
  assert.equal(h.jobs()[0]?.state, 'failed');
  renameSync(toBytes(away), toBytes(h.input));
  await h.until('the report', () => h.candidates.countOverdue() === 1);
  assert.equal(h.candidate('candidate.csv')?.firstSeenMs, before.firstSeenMs);
});

test('an input may be a symlink, and is followed when it points elsewhere', async (t) => {
  const h = new Harness(t, closeWrite);
  const [first, second] = ['first', 'second'].map((name) => join(h.fixture.directory, name));
  rmSync(toBytes(h.input), { recursive: true });
  for (const directory of [first, second]) mkdirSync(toBytes(directory ?? h.input));
  symlinkSync('first', toBytes(h.input));
  await h.started();
  h.write('sub/a.csv');
  await h.untilJobs('sub/a.csv');
  writeFileSync(toBytes(join(second ?? h.input, 'b.csv')), '');
  unlinkSync(toBytes(h.input));
  symlinkSync('second', toBytes(h.input));
  await h.untilJobs('b.csv', 'sub/a.csv');
  h.write('c.csv');
  await h.untilJobs('b.csv', 'c.csv', 'sub/a.csv');
});

test('an input that is mounted over, unmounted and mounted again is found each time', {
  skip: cannotMount() ?? false,
}, async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  const directory = mountTmpfs(t, toText(h.input), 1 << 20);
  h.write('on-first-mount.csv');
  await h.untilJobs('on-first-mount.csv');
  h.write('sub/later.csv');
  await h.untilJobs('on-first-mount.csv', 'sub/later.csv');
  unmount(directory);
  h.write('below.csv');
  await h.untilJobs('below.csv', 'on-first-mount.csv', 'sub/later.csv');
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', directory]);
  h.write('on-second-mount.csv');
  await h.untilJobs('below.csv', 'on-first-mount.csv', 'on-second-mount.csv', 'sub/later.csv');
});
