import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LOAD_CRASH_POINTS } from '../../shared/tables/load-crash-points.ts';
import { needsPostgres, postgresOfFile } from '../support/postgres.ts';
import { duckdbPlace, parquetPlace, postgresPlace } from '../support/table-places.ts';
import {
  DATABASE_POINTS,
  DIRECTORY_POINTS,
  manyLoads,
  surviveTheDeathOfAll,
  surviveTheDeathOfAWorker,
} from './loads.ts';

const server = postgresOfFile();

test('a worker killed after DuckDB has committed doubles nothing', (t) =>
  surviveTheDeathOfAWorker(t, duckdbPlace, 'load.committed'));

test('a worker killed before PostgreSQL commits loses nothing', needsPostgres, async (t) => {
  const place = await postgresPlace(server());
  await surviveTheDeathOfAWorker(t, () => place, 'load.before-commit');
});

test('a program killed between the names of Parquet files doubles nothing', (t) =>
  surviveTheDeathOfAll(t, parquetPlace, 'parquet.renamed'));

const reached = async (granary: ReturnType<typeof manyLoads>): Promise<Set<string>> => {
  const trace = join(granary.root, 'trace');
  const { code, stderr } = await granary.once({ WHARFINGER_CRASH_TRACE: trace });
  assert.equal(code, 0, stderr);
  await granary.assertAllLoadedOnce();
  return new Set(readFileSync(trace, 'utf8').split('\n'));
};

for (const [name, makePlace, points] of [
  ['DuckDB', duckdbPlace, DATABASE_POINTS],
  ['Parquet', parquetPlace, DIRECTORY_POINTS],
] as const)
  test(`every crash point of loads into ${name} is reached`, async (t) => {
    const passed = await reached(manyLoads(t, makePlace));
    assert.deepEqual(
      points.filter((point) => passed.has(point)),
      points,
    );
  });

test('every crash point of loads belongs to one of both', () => {
  const known = new Set([...DATABASE_POINTS, ...DIRECTORY_POINTS]);
  assert.deepEqual([...known].sort(), [...LOAD_CRASH_POINTS].sort());
});
