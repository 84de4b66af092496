import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { waitText } from '../../../../apps/cli/format/loads.ts';
import { toText } from '../../../../shared/fs/byte-path.ts';
import { type CliOptions, type CliRun, cli, jsonLines } from '../../../support/cli.ts';
import { FakeDatabase } from '../../../support/fake-target.ts';
import { Loads, loadSink } from '../../../support/loads.ts';

/** One task that is loaded, one that failed, and one that gathers. */
async function tasks(t: TestContext) {
  const loads = new Loads(t, [loadSink({ maxRejects: 3, taskBytes: 12, taskWaitMs: 60_000 })]);
  const database = new FakeDatabase();
  const hand = loads.hand(database.tools);
  const [first] = loads.commit({ a: 'x\n1\n2\nreject\n' });
  await hand.step();
  loads.commit({ b: 'x\nBAD\nanother row\n' });
  await hand.step();
  loads.commit({ c: 'x\n3\n' });
  const run = (args: readonly string[], options: CliOptions = {}): Promise<CliRun> =>
    cli(['load', ...args, '--state-path', loads.fixture.statePath], options);
  return { loads, database, run, first };
}

test('load list shows each task with its rows, and below it what it waits for or why it failed', async (t) => {
  const { run } = await tasks(t);
  const { stdout, exitCode } = await run(['list']);
  assert.equal(exitCode, 0);
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^ +id {2}status +files +rows +rejects +size +age {2}table$/);
  assert.match(lines[1] ?? '', /^ {5}1 {2}LOADED +1 +2 +1 +13 B +\d+ s {2}people$/);
  assert.match(lines[2] ?? '', /^ {5}2 {2}FAILED +1 +0 +0 +/);
  assert.match(lines[3] ?? '', /^ {8}it is load\.bad/);
  assert.match(lines[4] ?? '', /^ {5}3 {2}NEW +1 /);
  assert.match(lines[5] ?? '', /^ {8}gathers files for another (59 s|1 min)$/);
  assert.equal(lines.length, 6);
});

test('a task whose target was away before it was begun says so, though it still gathers', () => {
  const job = { id: 1, state: 'delayed', attempts: 1, reason: 'the server is away', runAtMs: 9000 } as const;
  const task = { id: 1, status: 'NEW', gathering: true, job, failureMsg: undefined } as const;
  assert.equal(waitText(task, 4000), 'tried again in 5 s: the server is away');
});

test('no line of load list and load show but those of a stack is longer than the terminal', async (t) => {
  const { run } = await tasks(t);
  for (const args of [['list'], ['show', '2']]) {
    const { stdout } = await run(args, { isTerminal: true });
    const lines = stdout.split('\n').filter((line) => !line.startsWith('      at '));
    assert.ok(
      lines.every((line) => line.length <= 80),
      stdout,
    );
  }
});

test('load list --json has the documented keys', async (t) => {
  const { run } = await tasks(t);
  const all = jsonLines((await run(['list', '--json'])).stdout);
  assert.deepEqual(
    all.map(({ id, status, gathering, rows, rejects }) => [id, status, gathering, rows, rejects]),
    [
      [1, 'LOADED', false, 2, 1],
      [2, 'FAILED', false, 0, 0],
      [3, 'NEW', true, 0, 0],
    ],
  );
  assert.deepEqual(Object.keys(all[0] ?? {}), [
    ...[
      'id',
      'status',
      'gathering',
      'sink',
      'route',
      'target',
      'table',
      'ingest_date',
      'files',
      'size',
      'rows',
    ],
    ...['rejects', 'created_at', 'modified_at', 'job', 'failure_msg'],
  ]);
  const [failed] = jsonLines((await run(['list', '--json', '--status', 'FAILED'])).stdout);
  assert.deepEqual(failed?.id, 2);
  assert.partialDeepStrictEqual(failed?.job, { state: 'failed' });
});

test('load show tells of each file, and of a failure the stack', async (t) => {
  const { run, first } = await tasks(t);
  const shown = await run(['show', '2']);
  assert.match(shown.stdout, /^task 2\n {2}status {6}FAILED\n/);
  assert.match(shown.stdout, /it failed with\n.*it is load\.bad[\s\S]*\n {6}at /);
  const [task, file] = jsonLines((await run(['show', '1', '--json'])).stdout);
  assert.equal(task?.rows, 2);
  assert.deepEqual(
    [file?.state, file?.rows, file?.rejects, file?.path],
    ['loaded', 2, 1, first && toText(first.destination)],
  );
  const unknown = await run(['show', '9']);
  assert.deepEqual([unknown.exitCode, unknown.stdout], [2, '']);
  assert.match(unknown.stderr, /there is no task 9; see the first column/);
});

test('load retry makes failed tasks ready, those too whose job was given up without them', async (t) => {
  const { run, loads } = await tasks(t);
  const states = () => loads.jobs().map(({ key, state }) => [key, state]);
  assert.equal((await run(['retry', '2'])).stdout, '1 task ready again\n');
  assert.deepEqual(states()[0], ['task 2', 'ready']);
  loads.fixture.state.exec(
    "UPDATE jobs SET state = 'failed', reason = 'its worker died' WHERE key = CAST('task 3' AS BLOB)",
  );
  assert.match((await run(['list', '--status', 'FAILED'])).stdout, / 3 {2}FAILED .*\n {8}its worker died\n/);
  assert.match((await run(['retry', '--failed'])).stdout, /^[12] tasks? ready again\n$/);
  assert.deepEqual(states(), [
    ['task 2', 'ready'],
    ['task 3', 'ready'],
  ]);
  for (const args of [['retry'], ['retry', '2', '--failed'], ['retry', 'x'], ['retry', '1'], ['retry', '9']])
    assert.equal((await run(args)).exitCode, 2, args.join(' '));
});

test('trace tells what became of a committed file in its table', async (t) => {
  const { loads, first } = await tasks(t);
  assert.ok(first !== undefined);
  const ask = (...more: string[]) =>
    cli(['trace', toText(first.destination), ...more, '--state-path', loads.fixture.statePath]);
  const { stdout } = await ask();
  assert.match(stdout, /into a table as file 1\n {2}table +people in duckdb:\/nowhere\/people\.duckdb\n/);
  assert.match(stdout, / {2}task +1, LOADED\n {2}state +loaded\n {2}rows +2, and 1 rejected\n {2}loaded +20/);
  const [custody] = JSON.parse((await ask('--json')).stdout).custody;
  assert.deepEqual(
    custody.loads.map(
      ({
        table,
        state,
        rows,
        task,
      }: {
        table: string;
        state: string;
        rows: number;
        task: { id: number };
      }) => [...[table, state, rows, task.id]],
    ),
    [['people', 'loaded', 2, 1]],
  );
});

test('queue stats tells how far loading is', async (t) => {
  const { loads } = await tasks(t);
  const ask = (...more: string[]) =>
    cli(['queue', 'stats', ...more, '--state-path', loads.fixture.statePath]);
  const { loads: stats } = JSON.parse((await ask('--json')).stdout);
  assert.ok(stats.oldest_unloaded_seconds >= 0);
  assert.deepEqual(
    { ...stats, oldest_unloaded_seconds: 0 },
    {
      tasks: { NEW: 1, PROCESSING: 0, LOADED: 1, FAILED: 1 },
      waiting_files: 1,
      failed_files: 1,
      loaded_files: 1,
      loaded_rows: 2,
      rejected_rows: 1,
      oldest_unloaded_seconds: 0,
    },
  );
  assert.match((await ask()).stdout, /load tasks +new +processing +loaded +failed\n +1 +0 +1 +1\n/);
});
