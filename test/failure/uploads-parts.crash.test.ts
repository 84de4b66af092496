import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FaultProxy, startFaultProxy } from '../support/object-store/fault-proxy.ts';
import {
  cutReply,
  internalError,
  internalErrorAfterBody,
  resetBeforeReply,
  resetMidBody,
  slowDown,
} from '../support/object-store/faults.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;
const PART = 8 * MIB;

/** The numbers of the parts that were sent, each time, in their order. */
const partsSent = (proxy: FaultProxy): number[] =>
  proxy.requests
    .filter(({ method, bodyBytes, status }) => method === 'PUT' && bodyBytes > 0 && status === 200)
    .flatMap(({ path }) => /partNumber=(\d+)/.exec(path)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);

test(
  'a worker killed while a part is sent goes on with the same upload, and sends what is missing',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.drop('large.bin', randomBytes(5 * PART + 1000));
    const pause = proxy.pauseAt({ method: 'PUT', path: /partNumber=3/ });
    await using program = pier.serve({}, '--workers', '1');
    await pause.reached;
    const recorded = () =>
      pier
        .read<{ number: number }>('SELECT number FROM object_parts ORDER BY number')
        .map(({ number }) => number);
    await pier.until('all other parts are there', () => recorded().length === 5);
    assert.deepEqual(recorded(), [1, 2, 4, 5, 6]);
    const [upload] = await swift().uploads(pier.bucket);
    const { pid } = await program.waitFor('worker.started');
    process.kill(Number(pid), 'SIGKILL');
    await pier.until('it is uploaded', () => pier.files('completed').length === 1);
    pause.release();
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(partsSent(proxy), [1, 2, 3, 4, 5, 6], 'each part once');
    const ids = new Set(proxy.requests.flatMap(({ path }) => /uploadId=([^&]+)/.exec(path)?.[1] ?? []));
    assert.deepEqual([...ids], [upload?.uploadId], 'one upload');
    await pier.assertAllUploadedOnce();
  },
);

test(
  'what a large file meets on its way is overcome, and what has arrived is not sent again',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    const faults = {
      'part-cut': [{ method: 'PUT', path: /part-cut\?.*partNumber=2/ }, resetMidBody(MIB)],
      'part-unheard': [{ method: 'PUT', path: /part-unheard\?.*partNumber=2/ }, resetBeforeReply],
      'begin-unheard': [{ method: 'POST', path: /begin-unheard\?uploads/ }, resetBeforeReply],
      'end-refused': [{ method: 'POST', path: /end-refused\?.*uploadId/ }, internalError],
      'end-unheard': [{ method: 'POST', path: /end-unheard\?.*uploadId/ }, internalErrorAfterBody],
      'end-cut': [{ method: 'POST', path: /end-cut\?.*uploadId/ }, cutReply],
    } as const;
    for (const [key, [match, fault]] of Object.entries(faults)) {
      pier.drop(key, randomBytes(2 * PART + 1000));
      proxy.fail({ ...match, times: 1 }, fault);
    }
    await using program = pier.serve();
    await pier.until('all are uploaded', () => pier.files('completed').length === 6);
    assert.equal((await program.stop()).code, 0);
    for (const key of Object.keys(faults))
      assert.deepEqual(
        pier.attempts(key).map(({ outcome }) => outcome),
        ['failure', 'success'],
        key,
      );
    // The one that was cut was not there, nor was the one of an unknown upload; all else was.
    const again = proxy.requests.filter(
      ({ path, status }) => /partNumber/.test(path) && status === 200,
    ).length;
    assert.ok(again <= 6 * 3 + 1, `${again} parts were sent for 18`);
    await pier.assertAllUploadedOnce();
  },
);

test(
  'an upload in parts whose file is dropped, taken away, or given up is aborted on the server',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    for (const name of ['dropped', 'gone', 'given-up']) pier.drop(name, randomBytes(2 * PART));
    proxy.fail({ method: 'PUT', path: /partNumber=2/ }, slowDown);
    {
      await using program = pier.serve({}, '--retry-seconds', '600');
      await program.waitFor('upload.retry');
      await pier.until('all wait', () => pier.jobs().filter(({ state }) => state === 'delayed').length === 3);
      assert.equal((await program.stop()).code, 0);
    }
    assert.equal((await swift().uploads(pier.bucket)).length, 3);
    const [dropped] = pier.read<{ id: number }>(
      "SELECT id FROM jobs WHERE CAST(key AS TEXT) LIKE '%dropped'",
    );
    await pier.queue('drop', String(dropped?.id));
    for (const name of ['dropped', 'gone']) rmSync(pier.at('processing', name));
    await pier.queue('retry', '--delayed');
    pier.drop('next.txt', 'next');
    const last = await pier.once({}, '--max-retries', '0');
    assert.equal(last.code, 3, last.stderr);
    assert.deepEqual(pier.files('failed'), ['given-up']);
    assert.deepEqual(
      pier
        .records()
        .map(({ filepath, current_state }) => [filepath, current_state])
        .sort(),
      [
        ['dropped', 'gone'],
        ['given-up', 'failed'],
        ['gone', 'gone'],
        ['next.txt', 'completed'],
      ],
    );
    assert.deepEqual(await swift().uploads(pier.bucket), []);
    assert.deepEqual(pier.read('SELECT id FROM objects WHERE upload_id IS NOT NULL'), []);
  },
);

/** The most memory that a process has had so far. */
const peakBytes = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

test('a large file is sent with little memory', needsSwift, async (t) => {
  const sizeBytes = (process.env.WHARFINGER_LARGE_TESTS === '1' ? 5 : 1) * 1024 * MIB;
  const pier = await Pier.make(t, swift());
  const sparse = join(pier.root, 'sparse');
  closeSync(openSync(sparse, 'w'));
  truncateSync(sparse, sizeBytes);
  pier.drop('before.txt', 'makes the directories');
  renameSync(sparse, pier.at('incoming', 'sparse.bin'));
  await using program = pier.serve({}, '--workers', '1');
  const { pid } = await program.waitFor('worker.started');
  await program.waitFor(
    ({ event, filepath }) => event === 'file.uploaded' && filepath === 'sparse.bin',
    100_000,
  );
  const peak = peakBytes(Number(pid)) / MIB;
  t.diagnostic(`${Math.round(peak)} MiB at the most`);
  assert.ok(peak < 250, `${peak} MiB`);
  assert.equal((await program.stop()).code, 0);
  const [, object] = await swift().objects(pier.bucket);
  assert.deepEqual(object, { key: 'sparse.bin', sizeBytes });
});
