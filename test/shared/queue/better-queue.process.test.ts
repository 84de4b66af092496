import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Drain, type LogLine, type Start, stop } from '../../support/queue-drain.ts';

const JOBS = 2_000;

const starts = (log: LogLine[]): Start[] => log.filter((line) => typeof line !== 'string');
const jobsOf = (log: LogLine[]): number[] => starts(log).map(({ job }) => job);

test('workers in several processes execute each of 2,000 jobs once, all of them taking part', async (t) => {
  const drain = new Drain(t, JOBS);
  const workers = [1, 2, 3].map(() => drain.start({ stalls: true }));
  // Each has a batch in hand before the first goes on.
  for (const worker of workers) await drain.first('stalls', worker);
  for (const worker of workers) drain.tell(worker, 'go on');
  await drain.done();
  drain.assertEachExecutedOnce();
  assert.equal(drain.workersThatExecuted(), 3);
  assert.equal(jobsOf(drain.log()).length, JOBS);
});

test('the jobs of a killed worker come again once it is dead, and no job is executed twice', async (t) => {
  const drain = new Drain(t, JOBS);
  const doomed = drain.start({ stalls: true });
  const { jobs } = await drain.first('stalls', doomed);
  drain.start();
  drain.start();
  await drain.first('executes');
  drain.note('kill');
  await stop(doomed);
  await drain.done();
  drain.assertEachExecutedOnce();
  const log = drain.log();
  const before = jobsOf(log.slice(0, log.indexOf('kill')));
  assert.equal(new Set(before).size, before.length);
  const after = new Set(jobsOf(log.slice(log.indexOf('kill'))));
  assert.ok(jobs.every((job) => after.has(job)));
  assert.deepEqual(await drain.first('reclaims'), { does: 'reclaims', jobs: jobs.length });
});

test('the jobs of a killed worker whose death nobody sees come again when its lease ends, and not before', async (t) => {
  const drain = new Drain(t, JOBS);
  const doomed = drain.start({ stalls: true, leaseMs: 1_500 });
  const { jobs } = await drain.first('stalls', doomed);
  await stop(doomed);
  const endMs = drain.leasesEndMs();
  drain.start({ seesDeath: false });
  drain.start({ seesDeath: false });
  await drain.done();
  drain.assertEachExecutedOnce();
  const again = starts(drain.log()).filter(({ job, pid }) => jobs.includes(job) && pid !== doomed.pid);
  assert.equal(again.length, jobs.length);
  for (const { startMs } of again) assert.ok(startMs >= endMs);
});

test('a worker that was frozen past its lease finds it lost and touches nothing', async (t) => {
  const drain = new Drain(t, JOBS);
  const frozen = drain.start({ stalls: true, leaseMs: 1_000 });
  const { jobs } = await drain.first('stalls', frozen);
  frozen.kill('SIGSTOP');
  drain.start();
  drain.start();
  await drain.first('reclaims');
  drain.tell(frozen, 'go on');
  frozen.kill('SIGCONT');
  assert.deepEqual(await drain.first('loses', frozen), { does: 'loses', jobs: jobs.length });
  await drain.done();
  drain.assertEachExecutedOnce();
});
