import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openState } from '../../../../shared/state/open.ts';
import { jsonLines } from '../../../support/cli.ts';
import { type Exit, Program, runProgram } from '../../../support/program.ts';
import { tempDir } from '../../../support/temp.ts';

/** A store, and the options of scans of it. */
function store(t: TestContext, files = 0) {
  const root = tempDir(t);
  const directory = join(root, 'store');
  mkdirSync(directory);
  const statePath = join(root, 'state.db');
  const write = (name: string, mtimeS?: number): void => {
    writeFileSync(join(directory, name), `id\n${name}\n`);
    if (mtimeS !== undefined) utimesSync(join(directory, name), mtimeS, mtimeS);
  };
  for (let n = 0; n < files; n += 1) write(`f${n}.csv`);
  const args = [
    ...['scan', '--store', directory, '--into', `duckdb:${join(root, 't.duckdb')}`, '--table', 'orders'],
    ...['--state-path', statePath, '--stability-seconds', '0', '--log-format', 'json', '--task-bytes', '2kB'],
  ];
  const once = (...more: string[]): Promise<Exit> => runProgram([...args, '--once', ...more]);
  /** How often each file is in a task, and the sums of the tasks. */
  const tasks = () => {
    const state = openState(statePath, { readonly: true });
    try {
      const names = state
        .prepare<[], string>('SELECT file_name FROM load_task_files JOIN scanner ON scanner.id = file_id')
        .pluck()
        .all();
      const sums = state
        .prepare<[], number>(`
          SELECT count(*) FROM load_tasks WHERE size_in_bytes <> (
            SELECT sum(scanner.size_in_bytes) FROM load_task_files JOIN scanner ON scanner.id = file_id WHERE task_id = load_tasks.id)`)
        .pluck()
        .get();
      return { files: names.length, names: new Set(names).size, wrongSums: sums };
    } finally {
      state.close();
    }
  };
  return { directory, statePath, args, once, tasks, write };
}

test('a scan takes what is new, says so in one line, and leaves its tasks ready', async (t) => {
  const { once, write, statePath } = store(t, 3);
  const first = await once();
  assert.deepEqual([first.code, first.stdout], [0, '3 files seen, 3 new (30 B) in 1 task\n']);
  write('late.csv', 1_000_000_000);
  const second = await once();
  assert.equal(second.stdout, '4 files seen, 1 new (12 B) in 1 task\n');
  const listed = jsonLines((await runProgram(['load', 'list', '--json', '--state-path', statePath])).stdout);
  assert.deepEqual(
    listed.map(({ status, gathering, files }) => [status, gathering, files]),
    [
      ['NEW', false, 3],
      ['NEW', false, 1],
    ],
  );
});

test('two scans at once take no file twice', async (t) => {
  const { once, tasks } = store(t, 3000);
  const runs = await Promise.all([once(), once(), once()]);
  assert.deepEqual(
    runs.map(({ code }) => code),
    [0, 0, 0],
    runs.map(({ stderr }) => stderr).join(''),
  );
  assert.deepEqual(tasks(), { files: 3000, names: 3000, wrongSums: 0 });
  const added = runs.map(({ stdout }) => Number(/(\S+) new/.exec(stdout)?.[1]?.replace(',', '')));
  assert.equal(
    added.reduce((sum, n) => sum + n, 0),
    3000,
  );
});

test('a scan that is killed leaves the rest to the next', async (t) => {
  const { args, once, tasks, statePath, directory } = store(t, 5000);
  const killed = new Program([...args, '--once']);
  await untilSome(statePath);
  killed.killAll();
  const { signal } = await killed.exited;
  assert.equal(signal, 'SIGKILL');
  const { code, stdout } = await once();
  assert.equal(code, 0);
  assert.deepEqual(tasks(), { files: 5000, names: 5000, wrongSums: 0 });
  const traced = await runProgram(['trace', join(directory, 'f7.csv'), '--state-path', statePath]);
  assert.match(traced.stdout, /state +waits to be loaded/, stdout);
});

/** Resolves when the first files of a scan are taken. */
async function untilSome(statePath: string): Promise<void> {
  for (;;) {
    try {
      const state = openState(statePath, { readonly: true });
      try {
        if (state.prepare('SELECT 1 FROM scanner LIMIT 1').get() !== undefined) return;
      } finally {
        state.close();
      }
    } catch {
      // Not made yet, or just being made.
    }
    await new Promise(setImmediate);
  }
}

test('it scans until it is told to stop, and exits with 0', async (t) => {
  const { args, write, tasks } = store(t);
  await using program = new Program([...args, '--interval-seconds', '0.2']);
  await program.waitFor('store.scanned');
  write('a.csv');
  await program.waitFor(({ event, added }) => event === 'store.scanned' && added === 1);
  write('b.csv');
  await program.waitFor(() => program.log.filter(({ added }) => added === 1).length === 2);
  program.child.kill('SIGTERM');
  assert.equal((await program.exited).code, 0);
  assert.deepEqual(tasks(), { files: 2, names: 2, wrongSums: 0 });
});

test('what is wrong is said in one line, with the exit code of its kind', async (t) => {
  const { directory, args, once } = store(t);
  const said = async (code: number, message: RegExp, ...argv: string[]): Promise<void> => {
    const run = await runProgram(argv);
    assert.deepEqual([run.code, run.stdout], [code, ''], run.stderr);
    assert.match(run.stderr, message);
    assert.equal(run.stderr.split('\n').length, 2, run.stderr);
  };
  await said(2, /^wharfinger: no store is given; say which directory/, 'scan', '--table', 'x');
  await said(2, /^wharfinger: no table is given; /, 'scan', '--store', directory, '--into', 'duckdb:/tmp/x');
  await said(
    5,
    /^wharfinger: the store .*\/nowhere does not exist; make it/,
    ...args,
    '--store',
    `${directory}/nowhere`,
  );
  await said(
    2,
    /^wharfinger: the target duckdb:.* lies in the store /,
    ...args,
    '--into',
    `duckdb:${directory}/t`,
  );
  assert.equal((await once()).stdout, '0 files seen, 0 new (0 B) in 0 tasks\n');
});
