import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CrashPoint } from '../../shared/crash-points.ts';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier, type StayRecord } from '../support/pier.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

const isCompleted = ({ current_state }: StayRecord): boolean => current_state === 'completed';

test('two programs on one directory and state file send each file once', needsSwift, async (t) => {
  const proxy = await startFaultProxy(t, swift().url);
  const pier = await Pier.make(t, swift(), proxy.url);
  const drop = (from: number, to: number) => {
    for (let n = from; n < to; n++) pier.drop(`${n % 7}/${n}.txt`, `content ${n}`);
  };
  const pause = proxy.pauseAt({ method: 'PUT' });
  drop(0, 1);
  await using first = pier.serve({}, '--workers', '1');
  await pause.reached;
  drop(1, 200);
  await using second = pier.serve();
  await pier.until('the second has sent the others', () => pier.files('completed').length === 199);
  pause.release();
  drop(200, 300);
  await pier.until('all are uploaded', () => pier.records().filter(isCompleted).length === 300);
  for (const program of [first, second]) assert.equal((await program.stop()).code, 0);
  assert.equal(proxy.requests.filter(({ method }) => method === 'PUT').length, 300);
  assert.deepEqual(
    pier.attempts().map(({ outcome }) => outcome),
    Array(300).fill('success'),
  );
  await pier.assertAllUploadedOnce();
});

test(
  'a second program with a state file of its own is refused, and the first goes on',
  needsSwift,
  async (t) => {
    const pier = await Pier.make(t, swift());
    await using first = pier.serve();
    await first.waitFor('discoverer.started');
    await using second = pier.serve({}, '--state-path', join(pier.root, 'other', 'state.db'));
    const refused = await second.exited;
    assert.equal(refused.code, 5);
    assert.match(refused.stderr, /belongs to another state file, which was /);
    for (let n = 0; n < 20; n++) pier.drop(`${n}.txt`, `content ${n}`);
    await pier.until('all are uploaded', () => pier.records().filter(isCompleted).length === 20);
    assert.equal((await first.stop()).code, 0);
    await pier.assertAllUploadedOnce();
  },
);

test(
  'a worker that was frozen within a part for longer than its lease wakes up to nothing that is its own',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.drop('large.bin', randomBytes(25 * MIB));
    const pause = proxy.pauseAt({ method: 'PUT', path: /partNumber=2/ });
    await using program = pier.serve({}, '--lease-seconds', '1');
    await pause.reached;
    const [holder] = pier.read<{ pid: number; token: number }>('SELECT pid, token FROM leases');
    const frozen = Number(holder?.pid);
    process.kill(frozen, 'SIGSTOP');
    await program.waitFor(({ event, token }) => event === 'lease.reclaimed' && token === holder?.token);
    await pier.until('another has uploaded it', () => pier.records().some(isCompleted));
    const started = program.log
      .filter(({ event }) => event === 'worker.started')
      .map(({ pid }) => Number(pid));
    const [other] = started.filter((pid) => pid !== frozen);
    process.kill(Number(other), 'SIGSTOP');
    process.kill(frozen, 'SIGCONT');
    pause.release();
    // That it goes on with another file tells that it is over with the one before.
    pier.drop('next.txt', 'next');
    await program.waitFor(({ event, pid }) => event === 'file.uploaded' && pid === frozen);
    process.kill(Number(other), 'SIGCONT');
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(
      pier.records().map(({ filepath, attempt, retries }) => [filepath, attempt, retries]),
      [
        ['large.bin', 1, 0],
        ['next.txt', 1, 0],
      ],
    );
    assert.deepEqual(
      pier.attempts().map(({ filepath, outcome }) => [filepath, outcome]),
      [
        ['large.bin', 'success'],
        ['next.txt', 'success'],
      ],
      'who was frozen records nothing',
    );
    await pier.assertAllUploadedOnce();
  },
);

for (const point of ['upload.recorded', 'upload.sent', 'upload.moved-out'] as const satisfies CrashPoint[]) {
  test(`a worker frozen at ${point} for longer than its lease doubles nothing`, needsSwift, async (t) => {
    const pier = await Pier.make(t, swift());
    pier.drop('large.bin', randomBytes(17 * MIB));
    const file = join(pier.root, 'frozen');
    const env = { WHARFINGER_PAUSE_AT: point, WHARFINGER_PAUSE_FILE: file };
    await using program = pier.serve(env, '--lease-seconds', '0.5');
    await pier.until('one is frozen', () => existsSync(file));
    await program.waitFor('lease.reclaimed');
    await pier.until('another has uploaded it', () => pier.records().some(isCompleted));
    rmSync(file);
    await pier.until('nothing is left to do', () => pier.jobs().length === 0);
    assert.equal((await program.stop()).code, 0);
    assert.equal(pier.records().filter(isCompleted).length, 1);
    await pier.assertAllUploadedOnce();
  });
}
