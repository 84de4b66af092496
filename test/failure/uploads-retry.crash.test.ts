import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { resetBeforeReply, slowDown, status } from '../support/object-store/faults.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { type Attempt, Pier } from '../support/pier.ts';

const swift = swiftOfFile();

const tooMany = status(429);

/** Milliseconds between the end of each attempt and the beginning of the next. */
const pausesOf = (attempts: readonly Attempt[]): number[] =>
  attempts
    .slice(1)
    .map(({ started_at }, index) => Date.parse(started_at) - Date.parse(attempts[index]?.ended_at ?? ''));

test(
  'a file is tried again so often as is said, later each time, then it is in failed with what was wrong last',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.drop('a.txt', 'a');
    proxy.fail({ method: 'PUT', path: /\/a\.txt\?/ }, slowDown);
    proxy.fail({ method: 'PUT', path: /\/a\.txt\?/, times: 3 }, tooMany);
    await using program = pier.serve({}, '--retry-seconds', '0.1', '--max-retries', '3');
    const { reason } = await program.waitFor('file.failed');
    assert.match(
      String(reason),
      /^Please reduce your request rate\. \(SlowDown, 503\); given up after 3 retries$/,
    );
    assert.deepEqual(pier.files('failed'), ['a.txt']);
    const [record] = pier.records();
    assert.deepEqual([record?.current_state, record?.retries, record?.reason], ['failed', 3, reason]);
    const attempts = pier.attempts();
    assert.deepEqual(
      attempts.map(({ number, outcome }) => [number, outcome]),
      [1, 2, 3, 4].map((number) => [number, 'failure']),
    );
    for (const { error } of attempts.slice(0, 3)) assert.match(error ?? '', /429/);
    const [first = 0, second = 0, third = 0] = pausesOf(attempts);
    assert.ok(first >= 50 && second >= 100 && third >= 200, `pauses of ${first}, ${second} and ${third} ms`);
    assert.equal(proxy.requests.filter(({ method }) => method === 'PUT').length, 4);

    await proxy.restore();
    const [job] = pier.read<{ id: number }>('SELECT id FROM jobs');
    await pier.queue('retry', String(job?.id));
    await pier.until('it is uploaded', () => pier.files('completed').length === 1);
    assert.equal((await program.stop()).code, 0);
    const [, again] = pier.records();
    assert.deepEqual([again?.attempt, again?.current_state, again?.retries], [2, 'completed', 0]);
    await pier.assertAllUploadedOnce();
  },
);

test(
  'a failed file that a person moves back to incoming is a new stay, and its failed job is forgotten',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.drop('deep/a.txt', 'a');
    proxy.fail({ method: 'PUT' }, slowDown);
    await using program = pier.serve({}, '--max-retries', '0');
    await program.waitFor('file.failed');
    await proxy.restore();
    renameSync(pier.at('failed', 'deep/a.txt'), pier.at('incoming', 'deep/a.txt'));
    await pier.until('it is uploaded', () => pier.files('completed').length === 1);
    await pier.until('the failed job is forgotten', () => pier.jobs().length === 0);
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(
      pier.records().map(({ attempt, current_state }) => [attempt, current_state]),
      [
        [1, 'failed'],
        [2, 'completed'],
      ],
    );
    await pier.assertAllUploadedOnce();
  },
);

test(
  'files of one name go one after the other, each with its own stay, and the last is what the bucket has',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.drop('a.txt', 'first');
    // It arrived, and nobody was told: what comes under its name meanwhile must not go before it.
    proxy.fail({ method: 'PUT', path: /\/a\.txt\?/, times: 1 }, resetBeforeReply);
    await using program = pier.serve({}, '--retry-seconds', '2');
    await program.waitFor('upload.retry');
    pier.drop('a.txt', 'second');
    await pier.until('the second waits for the first', () =>
      pier.jobs().some(({ reason }) => reason === 'an earlier file of this name is still on its way'),
    );
    assert.deepEqual([pier.files('processing'), pier.files('incoming')], [['a.txt'], ['a.txt']]);
    await pier.until('both are uploaded', () => pier.files('completed').length === 2);
    assert.equal((await program.stop()).code, 0);
    const [first, second] = pier.records();
    assert.deepEqual(
      [first?.current_state, first?.retries, second?.current_state],
      ['completed', 1, 'completed'],
    );
    const other = `a.${second?.id}.txt`;
    assert.deepEqual(pier.files('completed'), [other, 'a.txt'].sort());
    assert.equal(readFileSync(pier.at('completed', 'a.txt'), 'utf8'), 'first');
    assert.equal(readFileSync(pier.at('completed', other), 'utf8'), 'second');
    assert.equal((await swift().read(pier.bucket, 'a.txt')).toString(), 'second');
    assert.equal((await swift().objects(pier.bucket)).length, 1);
    assert.deepEqual(
      pier.attempts().map(({ outcome }) => outcome),
      ['failure', 'success', 'success'],
    );
  },
);
