import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ScavengeReport } from '../../../../shared/archives/contract.ts';
import { makePlace, workOf } from '../../../../shared/archives/places.ts';
import { acquireLease } from '../../../../shared/archives/scavenger/lease.ts';
import { startScavenger } from '../../../../shared/archives/scavenger/start-scavenger.ts';
import { thisProcess } from '../../../../shared/linux/process-identity.ts';
import { Base, elsewhere } from './base.ts';
import { textsIn } from './read-zip.ts';

test('a scavenger collects again and again until it is stopped', async (t) => {
  const base = Base.make(t);
  const reports = new EventEmitter<{ collected: [ScavengeReport]; error: [unknown] }>();
  await using scavenger = startScavenger(base.path, {
    everySeconds: 0.01,
    onReport: (report) => report.members > 0 && reports.emit('collected', report),
    onError: (error) => reports.emit('error', error),
  });
  for (const name of ['one', 'two']) {
    const collected = once(reports, 'collected');
    await base.deposit({ [`a.zip/${name}`]: name }, { identity: thisProcess() });
    await collected;
  }
  await scavenger.stop();
  await base.deposit({ 'a.zip/three': 'three' });
  assert.deepEqual(textsIn(base.at('a.zip')), { one: 'one', two: 'two' });
  assert.equal(base.inbox().length, 1);
  await assert.rejects(scavenger.now(), { code: 'archive.closed' });
});

test('asked to collect now it does, and what was closed before is in its archive', async (t) => {
  const base = Base.make(t);
  await using scavenger = startScavenger(base.path, { everySeconds: 3600 });
  await base.deposit({ 'a.zip/one': 'one' });
  const [first, second] = await Promise.all([scavenger.now(), scavenger.now()]);
  assert.deepEqual([first.members, second.members], [1, 0]);
  assert.deepEqual(textsIn(base.at('a.zip')), { one: 'one' });
});

test('who collects instead is told, by the name of its host', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  makePlace(base.path, workOf(base.path));
  const theirs = acquireLease({
    work: workOf(base.path),
    here: elsewhere(),
    hostName: 'harbour',
    serverClock: { nowMs: Date.now },
  });
  assert.ok('release' in theirs);
  t.after(() => theirs.release());
  await using scavenger = startScavenger(base.path, { everySeconds: 3600 });
  assert.equal((await scavenger.now()).heldBy, 'harbour (process 77)');
  theirs.release();
  assert.equal((await scavenger.now()).members, 1);
});

test('a pass that fails is told, and the next one comes', async (t) => {
  const base = Base.make(t);
  rmSync(base.path, { recursive: true });
  const errors = new EventEmitter<{ error: [unknown] }>();
  const failures: unknown[] = [];
  await using scavenger = startScavenger(base.path, {
    everySeconds: 0.01,
    onError: (error) => {
      failures.push(error);
      if (failures.length === 3) errors.emit('error', error);
    },
  });
  await assert.rejects(once(errors, 'other'), { code: 'archive.base' });
  await assert.rejects(scavenger.now(), { code: 'archive.base' });
});

test('a volume that stays bad is said once', async (t) => {
  const base = Base.make(t);
  writeFileSync(base.at('sub'), 'in the way');
  await base.deposit({ 'sub/a.zip/one': 'one' });
  const said: string[] = [];
  await using scavenger = startScavenger(base.path, {
    everySeconds: 3600,
    onEvent: ({ event }) => said.push(event),
  });
  for (let times = 0; times < 3; times += 1) await scavenger.now();
  assert.deepEqual(said, ['archive.bad_volume']);
  assert.ok(!existsSync(base.at('sub/a.zip')));
});

test('options that cannot be are refused at the call', () => {
  for (const options of [
    { everySeconds: 0 },
    { rotateSeconds: Number.NaN },
    { volumeBytes: 1.5 },
    { everySeconds: 1e12 },
  ])
    assert.throws(() => startScavenger('/nowhere', options), { code: 'archive.option' });
});
