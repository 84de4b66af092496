import { test } from 'node:test';
import { cannotMount } from '../support/mounts.ts';
import { needsPostgres, postgresOfFile } from '../support/postgres.ts';
import { duckdbPlace, parquetPlace, postgresPlace } from '../support/table-places.ts';
import { surviveAPowerCutAt } from './loads-power-cut.ts';

const server = postgresOfFile();
const needs = { skip: cannotMount() ?? false };

for (const point of ['load.before-commit', 'load.committed', 'load.settled'] as const) {
  test(`a power cut at ${point} leaves each row in DuckDB once`, needs, (t) =>
    surviveAPowerCutAt(t, duckdbPlace, point),
  );
  test(`a power cut of all but PostgreSQL at ${point} leaves each row in it once`, {
    skip: needs.skip === false ? needsPostgres.skip : needs.skip,
  }, async (t) => {
    const place = await postgresPlace(server());
    await surviveAPowerCutAt(t, () => place, point);
  });
}

for (const point of [
  'parquet.written',
  'parquet.planned',
  'parquet.renamed',
  'parquet.published',
  'load.settled',
] as const)
  test(`a power cut at ${point} leaves each row in Parquet files once`, needs, (t) =>
    surviveAPowerCutAt(t, parquetPlace, point),
  );
