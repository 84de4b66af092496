import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnvironmentError, UsageError } from '../../../shared/errors.ts';
import { event, isAlive, type LogRecord, type Started, startSupervisor, uploadRoutes } from './harness.ts';

const started =
  (name: string) =>
  (record: LogRecord): boolean =>
    record.event === 'child.started' && record.name === name;

const allStarted = (run: Started, count = 3) => run.stderr.until(event('child.started'), count);

test('one discoverer and the workers are started, and the first signal stops them all with exit code 0', async (t) => {
  const run = startSupervisor(t, {}, { workers: 3 });
  await allStarted(run, 4);
  run.signals.emit('SIGTERM', 'SIGTERM');
  assert.equal(await run.exit, 0);
  const stopped = run.notes().filter(({ what }) => what === 'stop');
  assert.deepEqual(stopped.map(({ name }) => name).sort(), [
    'discoverer',
    'worker-1',
    'worker-2',
    'worker-3',
  ]);
  for (const { pid } of run.notes()) assert.equal(isAlive(pid), false);
});

test('a worker that dies is started again with growing delays, and the others are woken', async (t) => {
  const run = startSupervisor(t, { 'worker-1': { diesBySignal: 'SIGKILL', lives: 3 } });
  await run.stderr.until(started('worker-1'), 4);
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
  const deaths = run.stderr.records.filter(event('worker.died'));
  assert.deepEqual(
    deaths.map(({ name, code, signal, restart_in_ms }) => ({ name, code, signal, restart_in_ms })),
    [10, 20, 40].map((restart_in_ms) => ({ name: 'worker-1', code: null, signal: 'SIGKILL', restart_in_ms })),
  );
  assert.ok(run.notes().some(({ name, what }) => name === 'worker-2' && what === 'wake'));
});

const EACH_ITS_OWN = { discoverers: 'one-a-route', uploadRoutes: uploadRoutes('red', 'blue') } as const;

test('each route has a discoverer of its own where that is asked for, which knows no other route', async (t) => {
  const run = startSupervisor(t, {}, EACH_ITS_OWN);
  await allStarted(run, 5);
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
  const inputs = run.notes().flatMap(({ name, what }) => {
    const isIt = what.startsWith('watches ') && name.startsWith('discoverer');
    return isIt ? [`${name} ${what}`] : [];
  });
  assert.deepEqual(inputs.toSorted(), [
    'discoverer-1 watches red',
    'discoverer-2 watches blue',
    'discoverer-3 watches main',
  ]);
});

test('a discoverer that dies is started again with growing delays, while the others go on', async (t) => {
  const run = startSupervisor(t, { 'discoverer-2': { diesBySignal: 'SIGKILL', lives: 2 } }, EACH_ITS_OWN);
  await run.stderr.until(started('discoverer-2'), 3);
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
  assert.deepEqual(
    run.stderr.records
      .filter(event('discoverer.died'))
      .map(({ name, restart_in_ms }) => [name, restart_in_ms]),
    [
      ['discoverer-2', 10],
      ['discoverer-2', 20],
    ],
  );
  for (const other of ['discoverer-1', 'discoverer-3'])
    assert.equal(run.stderr.records.filter(started(other)).length, 1);
});

test('one discoverer that cannot start for the environment ends the program: nobody else watches its route', async (t) => {
  const run = startSupervisor(t, { 'discoverer-2': { failsToStart: { exitCode: 5 } } }, EACH_ITS_OWN);
  await assert.rejects(run.exit, EnvironmentError);
});

test('a child that ends with code 0 without being asked is started again', async (t) => {
  const run = startSupervisor(t, {});
  await allStarted(run);
  const first = run.notes().find(({ name }) => name === 'discoverer');
  assert.ok(first);
  process.kill(first.pid, 'SIGTERM');
  await run.stderr.until(started('discoverer'), 2);
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
});

test('wakes of the discoverer reach every worker, many as one', async (t) => {
  const run = startSupervisor(t, { discoverer: { wakes: 500 } });
  await allStarted(run);
  await run.notesUntil((notes) =>
    ['worker-1', 'worker-2'].every((name) =>
      notes.some((note) => note.name === name && note.what === 'wake'),
    ),
  );
  run.signals.emit('SIGINT', 'SIGINT');
  await run.exit;
  const wakes = run.notes().filter(({ what }) => what === 'wake');
  assert.deepEqual(new Set(wakes.map(({ name }) => name)), new Set(['worker-1', 'worker-2']));
  assert.ok(wakes.length < 300, `${wakes.length} wakes for 500`);
});

test('a child that ignores the stop is killed after stopMs', async (t) => {
  const run = startSupervisor(t, { 'worker-2': { ignoresStop: true } }, { stopMs: 100 });
  await allStarted(run);
  run.signals.emit('SIGTERM', 'SIGTERM');
  assert.equal(await run.exit, 0);
  assert.deepEqual(
    run.stderr.records.filter(event('child.killed')).map(({ name }) => name),
    ['worker-2'],
  );
  for (const { pid } of run.notes()) assert.equal(isAlive(pid), false);
});

test('the second signal ends a stop that takes long at once, with exit code 0', async (t) => {
  const run = startSupervisor(t, { worker: { ignoresStop: true } }, { stopMs: 600_000 });
  await allStarted(run);
  run.signals.emit('SIGINT', 'SIGINT');
  await run.stderr.until(event('child.stopped'));
  // What comes within 200 ms is taken for the same request, told twice.
  const again = setInterval(() => run.signals.emit('SIGINT', 'SIGINT'), 20);
  t.after(() => clearInterval(again));
  assert.equal(await run.exit, 0);
  for (const { pid } of run.notes()) assert.equal(isAlive(pid), false);
});

test('a stop while a dead child waits for its restart does not start it again', async (t) => {
  const run = startSupervisor(
    t,
    { 'worker-1': { diesBySignal: 'SIGKILL' } },
    {},
    { backoff: { firstMs: 60_000, maxMs: 60_000, healthyMs: 60_000 } },
  );
  await run.stderr.until(event('worker.died'));
  await run.stderr.until(started('discoverer'));
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
  assert.equal(
    run.notes().filter(({ name, what }) => name === 'worker-1' && what === 'configured').length,
    1,
  );
});

test('a discoverer that cannot start for the environment ends the program with its reason', async (t) => {
  const run = startSupervisor(t, { discoverer: { failsToStart: { exitCode: 5 } } });
  await assert.rejects(run.exit, (error) => {
    assert.ok(error instanceof EnvironmentError);
    assert.equal(error.message, 'the place refuses');
    assert.equal(error.code, 'test.refused');
    return true;
  });
  for (const { pid } of run.notes()) assert.equal(isAlive(pid), false);
});

test('workers that none can start for wrong usage end the program with that error', async (t) => {
  const run = startSupervisor(t, { worker: { failsToStart: { exitCode: 2 } } });
  await assert.rejects(run.exit, UsageError);
});

test('one worker that cannot start does not end the program while another works', async (t) => {
  const run = startSupervisor(t, { 'worker-1': { failsToStart: { exitCode: 5 }, lives: 2 } });
  await run.stderr.until(started('worker-1'));
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
});

test('after it has worked once, a refusal of the environment is retried', async (t) => {
  const run = startSupervisor(t, { discoverer: { failsToStart: { exitCode: 5 }, fromLife: 2, lives: 2 } });
  await allStarted(run);
  const first = run.notes().find(({ name }) => name === 'discoverer');
  assert.ok(first);
  process.kill(first.pid, 'SIGKILL');
  await run.stderr.until(started('discoverer'), 2);
  const deaths = run.stderr.records.filter(event('discoverer.died'));
  assert.deepEqual(
    deaths.map(({ reason }) => reason),
    [undefined, 'the place refuses', 'the place refuses'],
  );
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
});

test('a child that crashes again and again before it begins ends the program as a defect', async (t) => {
  const run = startSupervisor(t, { discoverer: { crashesAtStart: true } });
  await assert.rejects(run.exit, /discoverer dies again and again: the last one ended with exit code 1/);
  assert.equal(run.stderr.records.filter(event('discoverer.died')).length, 5);
});
