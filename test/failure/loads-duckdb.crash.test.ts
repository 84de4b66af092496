import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Granary, TABLE } from '../support/granary.ts';
import { duckdbPlace, parquetPlace } from '../support/table-places.ts';

const HOLDER = fileURLToPath(new URL('../support/hold-duckdb.ts', import.meta.url));

test('while another process has the DuckDB file open tasks wait at no charge, and go on when it is given back', async (t) => {
  const granary = new Granary(t, duckdbPlace);
  granary.drop('first.csv', 0, 20);
  assert.equal((await granary.once()).code, 0);
  const path = granary.place.target.slice('duckdb:'.length);
  const holder = spawn(process.execPath, [HOLDER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  granary.drop('second.csv', 100, 20);
  await using program = granary.run({}, '--workers', '1');
  const { reason } = await program.waitFor('load.waiting');
  assert.equal(reason, `${path} is open elsewhere`);
  // It asked more than once.
  await program.waitFor(() => program.log.filter(({ event }) => event === 'load.waiting').length >= 2);
  await granary.until('it waits, and was charged for nothing', () =>
    granary.jobs().some(({ state, attempts }) => state === 'delayed' && attempts === 0),
  );
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
  await granary.until('all is loaded', () => granary.loaded() === 2);
  assert.equal((await program.stop()).code, 0);
  await granary.assertAllLoadedOnce();
});

test('a table of DuckDB that was dropped fails its tasks with that reason, and is not made anew', async (t) => {
  const granary = new Granary(t, duckdbPlace);
  granary.drop('first.csv', 0, 20);
  assert.equal((await granary.once()).code, 0);
  await granary.place.ask(`ALTER TABLE ${TABLE} RENAME TO away`);
  granary.drop('second.csv', 100, 20);
  const failed = await granary.once();
  assert.equal(failed.code, 3, failed.stderr);
  assert.match(
    String(granary.tasks()[1]?.failure_msg),
    /^the table grain is gone, and wharfinger_loads says that files were loaded into it; restore it, or load into a table of another name/,
  );
  await granary.place.ask(`ALTER TABLE away RENAME TO ${TABLE}`);
  await granary.command('load', 'retry', '--failed');
  assert.equal((await granary.once()).code, 0);
  await granary.assertAllLoadedOnce();
});

test('a directory of Parquet files that is gone fails its tasks with that reason, and is not made anew', async (t) => {
  const granary = new Granary(t, parquetPlace);
  granary.drop('first.csv', 0, 20);
  assert.equal((await granary.once()).code, 0);
  const directory = join(granary.place.target.slice('parquet:'.length), TABLE);
  renameSync(directory, `${directory}-away`);
  granary.drop('second.csv', 100, 20);
  const failed = await granary.once();
  assert.equal(failed.code, 3, failed.stderr);
  assert.match(
    String(granary.tasks()[1]?.failure_msg),
    /^the directory grain is gone, and files were loaded into it; put it back, or load into another table/,
  );
  renameSync(`${directory}-away`, directory);
  await granary.command('load', 'retry', '--failed');
  assert.equal((await granary.once()).code, 0);
  await granary.assertAllLoadedOnce();
});
