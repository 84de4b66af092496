import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { batchSizeWithin } from '../../../../../apps/worker/handlers/ingest/handler.ts';
import { Custody } from '../../../../support/custody.ts';
import { has } from '../../../../support/mounts.ts';

/** Of this process: how many files it may have open. */
const limitOpenFiles = (files: number) =>
  execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${files}:`]);

const openFiles = (): number => readdirSync('/proc/self/fd').length;

test('too many open files are nobody’s fault: what could not be opened waits, uncharged', {
  skip: has('prlimit') ? false : 'prlimit is not installed',
}, async (t) => {
  const custody = new Custody(t);
  const { hand } = custody;
  const contents = new Map(Array.from({ length: 60 }, (_, n) => [`f${n}`, `content ${n}`]));
  custody.offerAll(contents);
  hand.at('ingest.claimed', () => limitOpenFiles(openFiles() + 30));
  // All of the batch are closed again when it ends, so that the limit can be raised.
  await hand.step();
  limitOpenFiles(4096);
  const jobs = custody.records.jobs();
  assert.ok(jobs.length >= 30, `${jobs.length}`);
  assert.ok(jobs.every((job) => job.state === 'delayed' && job.attempts === 0));
  assert.match(jobs.at(-1)?.reason ?? '', /too many open files of this process \(EMFILE\)/);
  assert.deepEqual(hand.said('defect'), []);

  hand.clock.forward(60_000);
  await hand.step();
  await custody.assertSound([...contents.values()]);
});

test('a batch is no larger than what may be open at a time', () => {
  assert.equal(batchSizeWithin(Number.POSITIVE_INFINITY), 1024);
  assert.equal(batchSizeWithin(1024), 896);
  assert.equal(batchSizeWithin(256), 128);
  assert.equal(batchSizeWithin(20), 1);
});
