import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { leftProcesses } from '../../support/left-behind.ts';
import { Wharf } from '../../support/wharf.ts';

const eventOf = (name: string) => (record: { event: string }) => record.event === name;

test('a worker that is killed is replaced, and everything that was dropped lands once', async (t) => {
  const wharf = new Wharf(t);
  await using program = wharf.start();
  const { pid } = await program.waitFor('worker.started');
  for (let file = 0; file < 50; file++) wharf.drop(`early/${file}.csv`, `early ${file}`);
  process.kill(Number(pid), 'SIGKILL');
  const death = await program.waitFor('worker.died');
  assert.equal(death.signal, 'SIGKILL');
  assert.equal(death.child_pid, pid);
  await program.waitFor(
    (record) => record.event === 'worker.started' && record.process === death.name && record.pid !== pid,
  );
  for (let file = 0; file < 50; file++) wharf.drop(`late/${file}.csv`, `late ${file}`);
  // By the manifest: a worker that is killed after its commit has not said so in the log.
  await wharf.landed(100);
  program.child.kill('SIGTERM');
  assert.equal((await program.exited).code, 0);
  await wharf.assertAllLandedOnce();
});

test('when the supervisor is killed its children end by themselves', async (t) => {
  const wharf = new Wharf(t);
  await using program = wharf.start();
  await program.waitFor('discoverer.started');
  for (const name of ['worker-1', 'worker-2']) {
    await program.waitFor((record) => record.event === 'worker.started' && record.process === name);
  }
  program.child.kill('SIGKILL');
  // The children have the same stderr: it is closed when the last of them is gone.
  await program.exited;
  assert.deepEqual(
    program.log
      .filter(eventOf('supervisor.lost'))
      .map((record) => record.process)
      .sort(),
    ['discoverer', 'worker-1', 'worker-2'],
  );
  assert.deepEqual(leftProcesses(wharf.root), []);
});

test('a once run takes what is there, says so, and leaves no process', async (t) => {
  const wharf = new Wharf(t);
  for (let file = 0; file < 30; file++) wharf.drop(`${file}.csv`, `content ${file % 20}`);
  const { code, stderr } = await wharf.once(['--metrics-port', '0']);
  assert.equal(code, 0, stderr);
  const records = stderr.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const summary = records.find(eventOf('once.finished'));
  assert.equal(summary.committed, 20);
  assert.equal(summary.duplicates, 10);
  assert.equal(summary.failed, 0);
  assert.ok(records.some(eventOf('metrics')));
  assert.deepEqual(leftProcesses(wharf.root), []);
});

test('on SIGINT to the whole group, as a terminal sends it, all end and the exit code is 0', async (t) => {
  const wharf = new Wharf(t);
  await using program = wharf.start();
  await program.waitFor('discoverer.started');
  await program.waitFor('worker.started');
  program.killAll('SIGINT');
  const [code] = await once(program.child, 'exit');
  assert.equal(code, 0);
});
