import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fenceLower } from '../../../../shared/archives/scavenger/fence.ts';
import {
  acquireLease,
  type LeaseOptions,
  ScavengerLease,
} from '../../../../shared/archives/scavenger/lease.ts';
import { tokenDirectory, tokensIn } from '../../../../shared/archives/scavenger/tokens.ts';
import { LeaseLostError } from '../../../../shared/errors.ts';
import { thisProcess } from '../../../../shared/linux/process-identity.ts';
import { tempDir } from '../../../support/temp.ts';
import { deadProcess, elsewhere } from './base.ts';

const now = { nowMs: () => Date.now() };
const changedNs = (file: string): bigint => statSync(file, { bigint: true }).ctimeNs;
const inAMinute = { nowMs: () => Date.now() + 61_000 };

const place = (t: TestContext, more: Partial<LeaseOptions> = {}): LeaseOptions => ({
  work: tempDir(t),
  here: thisProcess(),
  serverClock: now,
  ...more,
});

function take(t: TestContext, options: LeaseOptions): ScavengerLease {
  const lease = acquireLease(options);
  assert.ok(lease instanceof ScavengerLease, 'the lease is free');
  t.after(() => lease.release());
  return lease;
}

test('a lease that is held is not given again, and it is said who has it', (t) => {
  const options = place(t);
  take(t, { ...options, hostName: 'harbour' });
  assert.deepEqual(acquireLease(options), { heldBy: `harbour (process ${process.pid})` });
});

test('a lease that was released is free, and its number is never used again', async (t) => {
  const options = place(t);
  for (const token of [1, 2, 3]) {
    const lease = take(t, options);
    await lease.fence();
    assert.equal(lease.token, token);
    assert.deepEqual(tokensIn(options.work), [token]);
    lease.release();
    lease.release();
  }
});

test('the lease of a process that is known to be dead is free at once', (t) => {
  const options = place(t);
  take(t, { ...options, here: deadProcess() });
  assert.equal(take(t, options).token, 2);
});

test('the lease of another host is free when it was not touched for a minute by the clock of the file server', (t) => {
  const options = place(t);
  const theirs = take(t, { ...options, here: elsewhere() });
  assert.deepEqual(acquireLease(options), { heldBy: 'far-away (process 77)' });
  assert.equal(take(t, { ...options, serverClock: inAMinute }).token, theirs.token + 1);
});

test('a lease without a holder yet is held for a minute, as one that was begun', (t) => {
  const options = place(t);
  mkdirSync(tokenDirectory(options.work, 4));
  assert.deepEqual(acquireLease(options), { heldBy: 'a scavenger that has just begun' });
  assert.equal(take(t, { ...options, serverClock: inAMinute }).token, 5);
});

test('a holder that cannot be read counts by its time', (t) => {
  const options = place(t);
  mkdirSync(tokenDirectory(options.work, 1));
  writeFileSync(join(tokenDirectory(options.work, 1), 'holder.json'), '{"name":');
  assert.ok('heldBy' in acquireLease(options));
  take(t, { ...options, serverClock: inAMinute });
});

test('a clock of the file server that was set back keeps no lease for longer', (t) => {
  const options = place(t);
  take(t, { ...options, here: elsewhere() });
  take(t, { ...options, serverClock: { nowMs: () => Date.now() - 3_600_000 } });
});

test('who is fenced finds neither the file that it would publish, nor a place to write, nor its lease', async (t) => {
  const options = place(t);
  const slept = take(t, { ...options, here: elsewhere() });
  const written = join(slept.directory, 'volume.zip');
  writeFileSync(written, 'finished');
  const woken = take(t, { ...options, serverClock: inAMinute });
  assert.ok(existsSync(written), 'a lease that is taken is not fenced yet');
  await woken.fence();
  assert.throws(() => renameSync(written, join(options.work, '..', 'ar.zip')), { code: 'ENOENT' });
  assert.throws(() => openSync(written, 'wx'), { code: 'ENOENT' });
  assert.throws(() => slept.check(), LeaseLostError);
  assert.deepEqual(readdirSync(woken.directory), ['holder.json']);
  woken.check();
});

test('a beat of a holder that is fenced makes nothing anew, and tells it so', async (t) => {
  const options = place(t);
  const slept = take(t, { ...options, here: elsewhere() });
  const woken = take(t, { ...options, serverClock: inAMinute });
  await woken.fence();
  slept.beat();
  assert.ok(slept.lost.reason instanceof LeaseLostError);
  assert.deepEqual(tokensIn(options.work), [woken.token]);
});

test('a holder that sees a higher number knows that it has lost, fenced or not', (t) => {
  const options = place(t);
  const lease = take(t, options);
  lease.check();
  mkdirSync(tokenDirectory(options.work, lease.token + 1));
  assert.throws(() => lease.check(), LeaseLostError);
});

test('who slept between looking and taking has a number of long ago, gives it back and looks again', (t) => {
  const options = place(t);
  mkdirSync(tokenDirectory(options.work, 1));
  let isFirst = true;
  const lease = acquireLease({
    ...options,
    serverClock: {
      nowMs() {
        // Meanwhile others had the leases 2 and 3, and each fenced the one before.
        if (isFirst) {
          rmSync(tokenDirectory(options.work, 1), { recursive: true });
          mkdirSync(tokenDirectory(options.work, 3));
          isFirst = false;
          return Date.now() + 61_000;
        }
        return Date.now();
      },
    },
  });
  assert.deepEqual(lease, { heldBy: 'a scavenger that has just begun' });
  assert.deepEqual(tokensIn(options.work), [3]);
});

test('of many who try at once one has it', (t) => {
  const options = place(t);
  const leases = Array.from({ length: 20 }, () => acquireLease(options));
  const held = leases.filter((lease) => lease instanceof ScavengerLease);
  for (const lease of held) t.after(() => lease.release());
  assert.equal(held.length, 1);
});

test('a beat shows at the file that others look at, and changes nothing in it', async (t) => {
  const options = place(t);
  const lease = take(t, options);
  const file = join(lease.directory, 'holder.json');
  const before = readFileSync(file, 'utf8');
  const changed = changedNs(file);
  // The kernel's clock of files ticks every few milliseconds.
  while (changedNs(file) === changed) {
    lease.beat();
    await new Promise(setImmediate);
  }
  assert.equal(readFileSync(file, 'utf8'), before);
});

test('fencing removes whole trees, and again where it was killed in between', async (t) => {
  const work = tempDir(t);
  for (const token of [1, 2, 3]) {
    mkdirSync(join(tokenDirectory(work, token), 'fenced-9', 'deep'), { recursive: true });
    writeFileSync(join(tokenDirectory(work, token), 'fenced-9', 'deep', 'file'), '');
  }
  await fenceLower(work, 3, tokenDirectory(work, 3));
  assert.deepEqual(readdirSync(tokenDirectory(work, 3)), []);
  assert.deepEqual(tokensIn(work), [3]);
  await fenceLower(work, 3, tokenDirectory(work, 3));
});

test('a number that no scavenger gave is said, and nothing is done', (t) => {
  const options = place(t);
  mkdirSync(join(options.work, '9'.repeat(20)));
  assert.throws(() => acquireLease(options), { code: 'archive.work' });
});
