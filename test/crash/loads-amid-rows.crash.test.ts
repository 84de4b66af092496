import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Granary } from '../support/granary.ts';
import { needsPostgres, postgresOfFile } from '../support/postgres.ts';
import { duckdbPlace, parquetPlace, postgresPlace } from '../support/table-places.ts';
import { filesBelow } from '../support/wharf.ts';
import type { MakePlace } from './loads.ts';

const server = postgresOfFile();

const ROWS = 600_000;
/** Of many more that are written in all. */
const AMID_BYTES = 1024 * 1024;

/** A worker is killed while the rows of one large file are written: nothing of them is there, and then all are. */
async function surviveADeathAmidRows(
  t: TestContext,
  makePlace: MakePlace,
  isAmid: (granary: Granary) => boolean | Promise<boolean>,
): Promise<void> {
  const granary = new Granary(t, makePlace, { sink: { max_rejects: ROWS } });
  granary.drop('large.csv', 0, ROWS);
  {
    await using program = granary.run({}, '--workers', '1');
    const { pid } = await program.waitFor('worker.started');
    while (!(await isAmid(granary))) await turn();
    process.kill(Number(pid), 'SIGKILL');
    await program.waitFor('worker.died');
    assert.equal(granary.loaded(), 0);
    await granary.until('all is loaded', () => granary.loaded() === 1);
    assert.equal((await program.stop()).code, 0);
  }
  await granary.assertAllLoadedOnce();
}

/** That so much of the target is on disk. */
const hasBytes =
  (isOfTarget: (path: string) => boolean) =>
  ({ root }: Granary): boolean =>
    filesBelow(root)
      .filter(isOfTarget)
      .some((path) => (statSync(join(root, path), { throwIfNoEntry: false })?.size ?? 0) > AMID_BYTES);

test('a worker killed while DuckDB writes rows leaves none, and then all are there once', (t) =>
  surviveADeathAmidRows(
    t,
    duckdbPlace,
    hasBytes((path) => path.startsWith('tables.duckdb')),
  ));

test('a worker killed while a Parquet file is written leaves no row, and then all are there once', (t) =>
  surviveADeathAmidRows(
    t,
    parquetPlace,
    hasBytes((path) => path.endsWith('.tmp')),
  ));

test(
  'a worker killed while PostgreSQL takes rows leaves none, and then all are there once',
  needsPostgres,
  async (t) => {
    const place = await postgresPlace(server());
    await surviveADeathAmidRows(
      t,
      () => place,
      async () => {
        const [row] = await place.ask('SELECT max(tuples_processed) FROM pg_stat_progress_copy');
        return Number(row?.[0]) > ROWS / 10;
      },
    );
  },
);
