import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { openState } from '../../shared/state/open.ts';
import { jsonLines } from '../support/cli.ts';
import { askFile } from '../support/duckdb-file.ts';
import { Program, runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp.ts';
import { BAD_ROUTES } from './bad-csv-files.ts';

const COLUMNS_OF: Readonly<Record<string, string>> = { wide: 'c0, c1, c4999' };

test('of files that are all wrong in their own way each is loaded as far as it can be, or fails alone, and says why', async (t) => {
  const root = tempDir(t);
  const at = (name: string): string => join(root, name);
  const [statePath, config, file] = [at('state.db'), at('wharfinger.yaml'), at('tables.duckdb')];
  for (const { table, cases } of BAD_ROUTES) {
    mkdirSync(at(table));
    for (const [name, { content }] of Object.entries(cases)) writeFileSync(join(at(table), name), content);
  }
  const cases = BAD_ROUTES.flatMap((route) =>
    Object.entries(route.cases).map(([name, one]) => ({ ...one, name, table: route.table })),
  );
  writeFileSync(config, JSON.stringify(configOf(file)));
  {
    await using program = new Program(['start', '--config', config]);
    await program.waitFor(
      () => program.log.filter(({ event }) => event === 'file.ingested').length === cases.length,
    );
    assert.equal((await program.stop()).code, 0);
  }
  const state = openState(statePath, { readonly: true });
  t.after(() => state.close());
  const tasks = state.prepare('SELECT count(DISTINCT task_id) FROM load_task_files').pluck().get();
  assert.equal(tasks, BAD_ROUTES.length, 'all files of a table are in one task');

  const run = await runProgram(['load', '--once', '--state-path', statePath]);
  assert.equal(run.code, 3, run.stderr);

  const found = state
    .prepare<[], { path: string; state: string; rows: number | null; reason: string | null }>(
      'SELECT file_name AS path, state, rows, reason FROM load_task_files JOIN scanner ON scanner.id = file_id',
    )
    .all()
    .map(({ path, ...one }) => ({ name: basename(path), ...one }));
  assert.deepEqual(
    found.toSorted(byName),
    cases
      .map(({ name, rows, fails }) => ({
        name,
        state: fails === undefined ? 'loaded' : 'failed',
        rows: rows?.length ?? null,
        reason: fails ?? null,
      }))
      .toSorted(byName),
  );

  for (const { table } of BAD_ROUTES) {
    const rows = cases.flatMap((one) => (one.table === table ? (one.rows ?? []) : []));
    const select = `SELECT ${COLUMNS_OF[table] ?? 'id, name, amount'} FROM ${table}`;
    assert.deepEqual(
      sorted(await askFile(file, `SELECT COLUMNS(*)::VARCHAR FROM (${select})`)),
      sorted(rows),
      table,
    );
  }
  const rejects = await askFile(
    file,
    'SELECT file_name, line::VARCHAR, "column", "value", reason FROM wharfinger_rejects',
  );
  assert.deepEqual(
    sorted(rejects.map(([name, ...reject]) => [basename(String(name)), ...reject])),
    sorted(cases.flatMap(({ name, rejects = [] }) => rejects.map((reject) => [name, ...reject]))),
  );

  const listed = jsonLines((await runProgram(['load', 'list', '--json', '--state-path', statePath])).stdout);
  const failed = cases.filter(({ fails }) => fails !== undefined);
  assert.deepEqual(
    listed.filter(({ status }) => status === 'FAILED').map(({ files, rows }) => [files, rows]),
    failed.map(() => [1, 0]),
    'each bad file is alone in its task',
  );
  assert.equal(listed.filter(({ status }) => status === 'LOADED').length, BAD_ROUTES.length);
  const verified = await runProgram(['verify', '--state-path', statePath]);
  assert.equal(verified.code, 0, verified.stdout);
});

/** Tasks wait for all files, so that good and bad ones are in one. */
const configOf = (file: string): object => ({
  ...{ warehouse: 'warehouse', manifests: 'manifests', state_path: 'state.db', workers: 2 },
  ...{ stability_seconds: 0, task_wait_seconds: 3600, task_bytes: '100MiB' },
  routes: BAD_ROUTES.map(({ table, sink }) => ({
    name: table,
    input: table,
    sinks: [{ type: 'load', target: `duckdb:${file}`, table, ...sink }],
  })),
});

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

const sorted = (rows: readonly (readonly unknown[])[]): string[] =>
  rows.map((row) => JSON.stringify(row)).sort();
