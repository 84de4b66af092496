import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Chandler, sums } from '../support/handed-on.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import type { Program } from '../support/program.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

/** Routes to two buckets, and what was put in. */
async function prepare(t: TestContext) {
  const buckets = [await swift().makeBucket(), await swift().makeBucket()];
  const chandler = new Chandler(
    t,
    swift(),
    buckets.map((bucket) => ({ bucket, key: '{path}' })),
  );
  const contents: Record<string, string | Buffer> = {};
  const drop = (name: string, content: string | Buffer): void => {
    contents[name] = content;
    chandler.drop(name, content);
  };
  /** Every committed file has one stay for each bucket that is completed, and its object there. */
  const assertHandedOnOnce = async (): Promise<void> => {
    const names = Object.keys(contents).sort();
    assert.deepEqual(chandler.stored().sort(), names, 'the warehouse');
    for (const bucket of buckets) {
      assert.deepEqual(await chandler.objects(bucket), sums(contents), 'the objects');
      const completed = chandler.records().filter((stay) => stay.bucket === bucket);
      assert.deepEqual(completed.map(({ filepath }) => filepath).sort(), names, 'one stay a file');
      assert.ok(completed.every(({ current_state }) => current_state === 'completed'));
    }
    await chandler.assertAtRest(...buckets);
  };
  return { chandler, drop, assertHandedOnOnce };
}

const POINTS = [
  'commit.lines-durable',
  'commit.before-transaction-ends',
  'commit.committed',
  'upload.recorded',
  'upload.parts-asked',
  'upload.parts-begun',
  'upload.part-sent',
  'upload.parts-ended',
  'upload.sent',
  'upload.concluded',
] as const;

for (const point of POINTS)
  test(`a worker killed at ${point} hands each committed file on once`, needsSwift, async (t) => {
    const { chandler, drop, assertHandedOnOnce } = await prepare(t);
    for (const name of ['a.txt', 'deep/b.txt', 'c c.txt']) drop(name, `content of ${name}`);
    drop('large.bin', randomBytes(18 * MIB));
    const died = join(chandler.root, 'died');
    await chandler.once({ WHARFINGER_CRASH_AT: point, WHARFINGER_CRASH_ONCE: died });
    assert.ok(existsSync(died), `${point} was reached`);
    const last = await chandler.once();
    assert.equal(last.code, 0, last.stderr);
    await assertHandedOnOnce();
  });

const livingWorkers = ({ log }: Program): number[] => {
  const dead = log.filter(({ event }) => event === 'worker.died').map(({ child_pid }) => child_pid);
  const started = log.filter(({ event }) => event === 'worker.started').map(({ pid }) => pid);
  return started.filter((pid) => !dead.includes(pid)).map(Number);
};

test(
  'workers that are killed at random while they commit and hand on lose nothing and double nothing',
  needsSwift,
  async (t) => {
    const { chandler, drop, assertHandedOnOnce } = await prepare(t);
    await using program = chandler.run({}, '--workers', '3');
    await program.waitFor('worker.started');
    drop('large.bin', randomBytes(20 * MIB));
    for (let n = 0; n < 40; n++) drop(`d${n % 4}/f${n}.csv`, `content ${n}`);
    for (let round = 0; round < 4; round++) {
      await program.waitFor(() => livingWorkers(program).length === 3);
      await chandler.until('there is work', () => chandler.jobs().length > 0);
      const [victim = 0] = livingWorkers(program).slice(round % 3);
      process.kill(victim, 'SIGKILL');
      await program.waitFor(({ event, child_pid }) => event === 'worker.died' && child_pid === victim);
      for (let n = 0; n < 15; n++) drop(`round-${round}/${n}.csv`, `round ${round} ${n}`);
    }
    await chandler.until(
      'all is committed and sent',
      () => chandler.stored().length === 41 + 4 * 15 && chandler.jobs().length === 0,
    );
    assert.equal((await program.stop()).code, 0);
    await assertHandedOnOnce();
  },
);

test('a file that is committed by adoption is handed on', needsSwift, async (t) => {
  const { chandler, drop, assertHandedOnOnce } = await prepare(t);
  drop('a.txt', 'first');
  const died = join(chandler.root, 'died');
  await using program = chandler.run(
    { WHARFINGER_CRASH_AT: 'commit.lines-durable', WHARFINGER_CRASH_ONCE: died },
    ...['--workers', '1', '--lease-seconds', '600'],
  );
  await program.waitFor('worker.died');
  // Whichever comes first, its own job or this one's commit, finds its line.
  drop('b.txt', 'second');
  await chandler.until('all is sent', () => chandler.stored().length === 2 && chandler.jobs().length === 0);
  assert.equal((await program.stop()).code, 0);
  await assertHandedOnOnce();
});
