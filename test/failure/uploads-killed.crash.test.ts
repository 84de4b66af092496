import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '../shared/object-store/lab.ts';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
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

test(
  'an upload that a dead worker had asked for is ended, though the server begins it after it was looked for',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.drop('large.bin', randomBytes(20 * MIB));
    const pause = proxy.pauseAt({ method: 'PUT', path: /partNumber=1/ });
    await using program = pier.serve({
      WHARFINGER_CRASH_AT: 'upload.parts-asked',
      WHARFINGER_CRASH_ONCE: join(pier.root, 'died'),
    });
    await pause.reached;
    assert.ok(program.log.some(({ event }) => event === 'worker.died'));
    const place = { bucket: pier.bucket, key: 'large.bin' };
    await connect(t, swift().url, swift()).createMultipart(place, {}, new AbortController().signal);
    assert.equal((await swift().uploads(pier.bucket)).length, 2, 'its own, and the late one');
    pause.release();
    await program.waitFor(() => pier.files('completed').length === 1);
    await pier.until('nothing is left to do', () => pier.jobs().length === 0);
    assert.equal((await program.stop()).code, 0);
    await pier.assertAllUploadedOnce();
  },
);
