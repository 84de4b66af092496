import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Executor } from '../../../apps/worker/executor.ts';
import type { Handler } from '../../../apps/worker/handler.ts';
import { LeaseLostError } from '../../../shared/errors.ts';
import { thisProcess } from '../../../shared/linux/process-identity.ts';
import { createLogger } from '../../../shared/log/logger.ts';
import { Claims } from '../../../shared/queue/claim.ts';
import type { Lane } from '../../../shared/queue/job.ts';
import { LeaseKeeper } from '../../../shared/queue/lease-keeper.ts';
import type { LeasedJob } from '../../../shared/queue/lease-store.ts';
import { Custody } from '../../support/custody.ts';
import type { LogRecord } from '../../support/custody-hand.ts';

function setUp(t: TestContext) {
  const custody = new Custody(t);
  const { state, clock } = custody.hand;
  for (const name of ['a', 'b']) custody.offer(name, name);
  const claims = new Claims(state, { ...thisProcess(), owner: 'worker-1' });
  const keeper = new LeaseKeeper(claims, clock, 30_000);
  t.after(() => keeper.stop());
  const log: LogRecord[] = [];
  const write = (line: string) => void log.push(JSON.parse(line));
  const logger = createLogger({ level: 'debug', format: 'json', process: 'worker-1', sink: { write } });
  const stop = new AbortController();
  const executor = new Executor({
    state,
    keeper,
    logger,
    clock,
    random: () => 0,
    maxAttempts: 2,
    stopping: stop.signal,
  });
  /** Claims what is ready, and has it handled like this. */
  const handled = async (handle: Handler['handle'], lane: Lane = 'batch'): Promise<void> => {
    const nowMs = clock.nowMs();
    const limit = lane === 'suspect' ? 1 : 10;
    const claimed = claims.claim({ kind: 'ingest', lane, limit, leaseMs: 30_000, nowMs });
    assert.ok(claimed !== undefined);
    const lease = keeper.keep(claimed, clock.monotonicMs());
    const jobs: LeasedJob[] = claimed.jobs.map((job) => ({ ...job, lease }));
    const lanes = { batch: { batchSize: 1, concurrent: 1 }, alone: { batchSize: 1, concurrent: 1 } };
    await executor.execute({ kind: 'ingest', lanes, handle }, jobs);
  };
  const jobs = () => custody.records.jobs().map((job) => [job.state, job.attempts]);
  const leases = () => state.prepare('SELECT * FROM leases').all();
  return { custody, log, handled, jobs, leases, state };
}

test('what a handler does not settle is given back uncharged, and the lease ends', async (t) => {
  const { handled, jobs, leases } = setUp(t);
  await handled(async () => undefined);
  assert.deepEqual(jobs(), [
    ['ready', 0],
    ['ready', 0],
  ]);
  assert.deepEqual(leases(), []);
});

test('a defect makes suspects of what is left, uncharged, and fails the one that has had its attempts alone', async (t) => {
  const { custody, log, handled, jobs, leases } = setUp(t);
  const defect = async () => {
    throw new TypeError('of undefined');
  };
  await handled(defect);
  assert.deepEqual(jobs(), [
    ['ready', 0],
    ['ready', 0],
  ]);
  assert.deepEqual(
    custody.records.jobs().map(({ lane }) => lane),
    ['suspect', 'suspect'],
  );
  await handled(defect, 'suspect');
  assert.deepEqual(jobs(), [
    ['delayed', 1],
    ['ready', 0],
  ]);
  await handled(async () => undefined, 'suspect');
  await handled(defect, 'suspect');
  assert.deepEqual(jobs(), [
    ['failed', 2],
    ['ready', 0],
  ]);
  assert.equal(custody.records.jobs()[0]?.reason, 'a defect of wharfinger: of undefined');
  assert.deepEqual(leases(), []);
  assert.equal(log.length, 3);
  assert.match(String((log[0]?.err as Error | undefined)?.stack), /TypeError: of undefined\n.* at /);
});

test('a lease that is lost is no defect, and is charged to nobody', async (t) => {
  const { log, handled, jobs } = setUp(t);
  await handled(async () => {
    throw new LeaseLostError(1);
  });
  assert.deepEqual(jobs(), [
    ['ready', 0],
    ['ready', 0],
  ]);
  assert.deepEqual(
    log.map(({ event, level }) => [event, level]),
    [['lease.lost', 'warn']],
  );
});

test('a state file that refuses is said once until it works again, and charged to nobody', async (t) => {
  const { log, handled, jobs, state } = setUp(t);
  const refused = async () => {
    // What SQLite says when a disk is full.
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  };
  await handled(refused);
  await handled(refused);
  assert.deepEqual(jobs(), [
    ['ready', 0],
    ['ready', 0],
  ]);
  assert.deepEqual(
    log.map(({ event, code }) => [event, code]),
    [
      ['state.refused', 'state.full'],
      ['state.recovered', undefined],
      ['state.refused', 'state.full'],
      ['state.recovered', undefined],
    ],
    'the lease could be ended, so it works',
  );
  assert.ok(state.open);
});
