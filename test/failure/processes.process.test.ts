import assert from 'node:assert/strict';
import { readFileSync, unlinkSync } from 'node:fs';
import { test } from 'node:test';
import { created } from '../crash/scenarios.ts';
import { Wharf } from '../support/wharf.ts';

test('two supervisors on one state file and one input take each file once', async (t) => {
  const wharf = new Wharf(t);
  await using one = wharf.start(['--workers', '2']);
  await using two = wharf.start(['--workers', '2']);
  await Promise.all([one.waitFor('worker.started'), two.waitFor('worker.started')]);
  for (let n = 0; n < 400; n++) wharf.drop(`d${n % 7}/f${n}.csv`, `content ${n}`);
  await wharf.landed(400);
  for (const program of [one, two]) {
    assert.equal((await program.stop()).code, 0);
  }
  await wharf.assertAllLandedOnce();
});

test('workers that are killed at random are replaced, and every file is taken once', async (t) => {
  const wharf = new Wharf(t);
  await using program = wharf.start(['--workers', '3']);
  await program.waitFor('worker.started');
  for (let n = 0; n < 300; n++) wharf.drop(`f${n}.csv`, `content ${n}`);
  const living = (): number[] => {
    const dead = program.log.filter(({ event }) => event === 'worker.died').map(({ child_pid }) => child_pid);
    const started = program.log.filter(({ event }) => event === 'worker.started').map(({ pid }) => pid);
    return started.filter((pid) => !dead.includes(pid)).map(Number);
  };
  for (let round = 0; round < 4; round++) {
    await program.waitFor(() => living().length === 3);
    const [victim = 0] = living().slice(round % 3);
    process.kill(victim, 'SIGKILL');
    await program.waitFor(({ event, child_pid }) => event === 'worker.died' && child_pid === victim);
    for (let n = 0; n < 50; n++) wharf.drop(`r${round}-${n}.csv`, `round ${round} ${n}`);
  }
  await wharf.landed(500);
  assert.equal((await program.stop()).code, 0);
  await wharf.assertAllLandedOnce();
});

test('a worker that is frozen past its lease changes nothing when it wakes', async (t) => {
  const wharf = new Wharf(t, { args: ['--lease-seconds', '1', '--stop-seconds', '2'] });
  const pause = `${wharf.root}/paused`;
  await using frozen = wharf.start(['--workers', '1'], {
    WHARFINGER_PAUSE_AT: 'ingest.decided',
    WHARFINGER_PAUSE_FILE: pause,
  });
  await frozen.waitFor('worker.started');
  wharf.drop('a.csv', 'first of this name');
  await created(wharf.root, pause);
  const worker = Number(
    frozen.log.find(
      ({ event, process }) => event === 'worker.started' && String(process).startsWith('worker'),
    )?.pid,
  );
  process.kill(worker, 'SIGSTOP');
  unlinkSync(pause);

  await using second = wharf.start(['--workers', '1']);
  await second.waitFor('lease.reclaimed');
  await second.waitFor('file.ingested');
  wharf.drop('a.csv', 'second of this name, come after the first was taken');
  process.kill(worker, 'SIGCONT');
  await wharf.landed(2);
  for (const program of [frozen, second]) {
    await program.stop();
  }
  await wharf.assertAllLandedOnce();
});

test('children whose supervisor is killed stop, and the next supervisor goes on', async (t) => {
  const wharf = new Wharf(t);
  await using program = wharf.start(['--workers', '2']);
  await program.waitFor('worker.started');
  const children = new Set(
    program.log.filter(({ event }) => event.endsWith('.started')).map(({ pid }) => Number(pid)),
  );
  program.child.kill('SIGKILL');
  await program.exited;
  for (const pid of children) assert.equal(isAlive(pid), false, `process ${pid} is gone`);
  wharf.drop('a.csv', 'a');
  assert.equal((await wharf.once()).code, 0);
  await wharf.assertAllLandedOnce();
});

/** A process that has ended and that nobody has waited for yet is gone too. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
