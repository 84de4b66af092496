import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonLines } from '../../../support/cli.ts';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { type Exit, runProgram } from '../../../support/program.ts';
import { tempDir } from '../../../support/temp.ts';

const server = postgresOfFile();

test(
  'a store is loaded into PostgreSQL, verified there, and the server asked by doctor',
  needsPostgres,
  async (t) => {
    const root = tempDir(t);
    mkdirSync(join(root, 'store'));
    const { url, database } = await server().makeDatabase();
    const run = (...args: string[]): Promise<Exit> =>
      runProgram([...args, '--state-path', join(root, 'state.db')], server().env);
    for (const n of [1, 2, 3]) writeFileSync(join(root, 'store', `f${n}.csv`), `id,name\n${n},a\n${n},b\n`);
    const scanned = await run(
      ...['scan', '--store', join(root, 'store'), '--into', url, '--table', 'orders'],
      ...['--stability-seconds', '0', '--once'],
    );
    assert.equal(scanned.code, 0, scanned.stderr);
    const loaded = await run('load', '--once', '--workers', '2');
    assert.equal(loaded.code, 0, loaded.stderr);
    assert.match((await run('verify')).stdout, /^all agree: .*, 3 loaded files in 1 table\n/);
    await server().query('DELETE FROM orders WHERE id = 2', [], database);
    const disagreed = await run('verify', '--json');
    assert.equal(disagreed.code, 4);
    assert.partialDeepStrictEqual(jsonLines(disagreed.stdout)[0], {
      problem: 'missing-rows',
      detail: '4 rows, 2 fewer than were loaded',
    });

    const config = join(root, 'c.yaml');
    mkdirSync(join(root, 'in'));
    const sink = { type: 'load', target: url, table: 'orders' };
    writeFileSync(
      config,
      JSON.stringify({ warehouse: 'w', manifests: 'm', routes: [{ input: 'in', sinks: [sink] }] }),
    );
    const doctor = async () => {
      const { stdout } = await run('doctor', '--config', config, '--json');
      return jsonLines(stdout).find(({ check }) => check === 'target');
    };
    const found = await doctor();
    assert.equal(found?.level, 'ok');
    assert.match(String(found?.what), /answers; the table orders is there, with 2 columns$/);

    await server().stop();
    const away = await run('verify');
    assert.equal(away.code, 0, away.stdout);
    assert.match(away.stdout, /^note: postgres:.* orders: its loads were not compared: /);
    assert.equal((await doctor())?.level, 'fail');
    await server().start();
  },
);
