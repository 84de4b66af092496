import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

test('the whole program killed again and again goes on where it was', needsSwift, async (t) => {
  const pier = await Pier.make(t, swift());
  pier.drop('large.bin', randomBytes(20 * MIB));
  for (let n = 0; n < 60; n++) pier.drop(`f${n}.csv`, `content ${n}`);
  for (const done of [5, 20, 40]) {
    await using program = pier.serve();
    await program.waitFor(() => pier.files('completed').length >= done, 60_000);
    program.killAll();
  }
  const last = await pier.once();
  assert.equal(last.code, 0, last.stderr);
  await pier.assertAllUploadedOnce();
});

test('two servers on one directory and one state file upload each file once', needsSwift, async (t) => {
  const pier = await Pier.make(t, swift());
  await using one = pier.serve();
  await using two = pier.serve();
  await Promise.all([one.waitFor('worker.started'), two.waitFor('worker.started')]);
  for (let n = 0; n < 100; n++) pier.drop(`d${n % 3}/f${n}`, `content ${n}`);
  await one.waitFor(() => pier.files('completed').length === pier.put.size, 100_000);
  for (const program of [one, two]) assert.equal((await program.stop()).code, 0);
  await pier.assertAllUploadedOnce();
  assert.equal(pier.records().length, 100, 'one stay a file');
});
