import { test } from 'node:test';
import { needsPostgres, postgresOfFile } from '../support/postgres.ts';
import { duckdbPlace, parquetPlace, postgresPlace } from '../support/table-places.ts';
import {
  DATABASE_POINTS,
  DIRECTORY_POINTS,
  surviveTheDeathOfAll,
  surviveTheDeathOfAWorker,
} from './loads.ts';

const server = postgresOfFile();

const deaths = { worker: surviveTheDeathOfAWorker, program: surviveTheDeathOfAll };

for (const [whose, survive] of Object.entries(deaths)) {
  for (const point of DATABASE_POINTS) {
    test(`a ${whose} killed at ${point} has each row in DuckDB once`, (t) => survive(t, duckdbPlace, point));
    test(`a ${whose} killed at ${point} has each row in PostgreSQL once`, needsPostgres, async (t) => {
      const place = await postgresPlace(server());
      await survive(t, () => place, point);
    });
  }
  for (const point of DIRECTORY_POINTS)
    test(`a ${whose} killed at ${point} has each row in Parquet files once`, (t) =>
      survive(t, parquetPlace, point));
}

// The first time it is the rejects of a task that have their name, then its data, then what another task has.
for (const point of ['parquet.renamed:2', 'parquet.renamed:3'] as const)
  test(`a worker killed at ${point} has each row in Parquet files once`, (t) =>
    surviveTheDeathOfAWorker(t, parquetPlace, point));
