import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonLines } from '../../../support/cli.ts';
import { Program, runProgram } from '../../../support/program.ts';
import { COUNT, place } from './load-place.ts';

test('files of a store are loaded once, with their rejects on record', async (t) => {
  const { scan, load, write, ask, run } = place(t);
  for (let n = 1; n <= 5; n += 1) write(`f${n}.csv`, `id,name\n${n},a\n${10 * n},b\n`);
  write('same.csv', 'id,name\n1,a\n10,b\n');
  assert.match((await scan()).stdout, /^6 files seen, 6 new \(\d+ B\) in 1 task\n$/);
  const first = await load();
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(await ask(COUNT), [['10', '165']]);
  write('later.csv', 'id,name\n1000,c\nno number,d\n');
  await scan();
  assert.equal((await load()).code, 0);
  assert.deepEqual(await ask(COUNT), [['11', '1165']]);
  assert.deepEqual(await ask('SELECT line, "column", "value" FROM wharfinger_rejects'), [
    ['3', 'id', 'no number'],
  ]);
  const listed = jsonLines((await run('load', 'list', '--json')).stdout);
  assert.deepEqual(
    listed.map(({ status, files, rows, rejects }) => [status, files, rows, rejects]),
    [
      ['LOADED', 6, 10, 0],
      ['LOADED', 1, 1, 1],
    ],
  );
  const again = await load();
  assert.match(again.stderr, /"msg":"0 loaded \(0 rows\), 0 failed"/);
});

test('verify agrees with the table, and no more once rows were deleted from it', async (t) => {
  const { scan, load, write, ask, run, file } = place(t);
  for (let n = 1; n <= 3; n += 1) write(`f${n}.csv`, `id,name\n${n},a\n${10 * n},b\n`);
  await scan();
  await load();
  const agreed = await run('verify', '--json');
  assert.equal(agreed.code, 0, agreed.stdout);
  assert.partialDeepStrictEqual(jsonLines(agreed.stdout).at(-1), { tables: 1, loads: 3, disagreements: 0 });
  await ask('DELETE FROM orders WHERE id >= 20');
  const disagreed = await run('verify');
  assert.equal(disagreed.code, 4);
  assert.match(
    disagreed.stdout,
    new RegExp(`^missing-rows {2}duckdb:${file} orders {2}4 rows, 2 fewer than were loaded\n`),
  );
  assert.equal((await run('verify', '--no-tables')).code, 0);
});

test('start loads what it commits, and trace tells of it', async (t) => {
  const { root, input, file, ask, run } = place(t);
  for (let n = 1; n <= 20; n += 1) writeFileSync(join(input, `f${n}.csv`), `id,name\n${n},a\n`);
  const config = join(root, 'wharfinger.yaml');
  const sink = { type: 'load', target: `duckdb:${file}`, table: 'orders' };
  const route = { name: 'orders', input, stability_seconds: 0, sinks: [sink] };
  writeFileSync(
    config,
    JSON.stringify({ state_path: 'state.db', warehouse: 'wh', manifests: 'm', workers: 2, routes: [route] }),
  );
  const { code, stderr } = await runProgram(['start', '--once', '--config', config]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /"msg":"20 committed, 0 duplicates, 20 loaded \(20 rows\), 0 failed"/);
  assert.deepEqual(await ask(COUNT), [['20', '210']]);
  const traced = JSON.parse((await run('trace', join(input, 'f7.csv'), '--json')).stdout);
  assert.partialDeepStrictEqual(traced.custody[0].loads, [
    { table: 'orders', state: 'loaded', rows: 1, rejects: 0 },
  ]);
  const verified = await run('verify', '--deep');
  assert.equal(verified.code, 0, verified.stdout);
  const stats = JSON.parse((await run('queue', 'stats', '--json')).stdout);
  assert.partialDeepStrictEqual(stats.loads, { loaded_files: 20, loaded_rows: 20, waiting_files: 0 });
});

test('load without --once takes what a scan finds, shows it in its metrics, and stops when told to', async (t) => {
  const { scan, write, ask, statePath } = place(t);
  const args = ['load', '--workers', '1', '--metrics-port', '0', '--state-path', statePath];
  await using program = new Program(args);
  const { url } = await program.waitFor('metrics.listening');
  await program.waitFor('worker.started');
  write('a.csv', 'id,name\n1,a\n');
  await scan();
  await program.waitFor('load.loaded');
  write('b.csv', 'id,name\n5,a\nx,b\n');
  await scan();
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(String(url))).text();
    return Number(new RegExp(`^wharfinger_${name} (.*)$`, 'm').exec(text)?.[1]);
  };
  while ((await metric('loaded_rows_total')) < 2);
  assert.equal(await metric('rejected_rows_total'), 1);
  assert.equal(await metric('load_tasks{status="LOADED"}'.replace(/[{}]/g, '\\$&')), 2);
  assert.equal((await program.stop()).code, 0);
  assert.deepEqual(await ask(COUNT), [['2', '6']]);
});
