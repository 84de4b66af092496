import { test } from 'node:test';
import { needsPostgres, postgresOfFile } from '../support/postgres.ts';
import { duckdbPlace, parquetPlace, postgresPlace } from '../support/table-places.ts';
import { surviveDeathsOfAll, surviveDeathsOfWorkers, twoPrograms } from './loads-killed.ts';

const server = postgresOfFile();

const places = {
  DuckDB: [{}, async () => duckdbPlace],
  PostgreSQL: [
    needsPostgres,
    async () => {
      const place = await postgresPlace(server());
      return () => place;
    },
  ],
  'Parquet files': [{}, async () => parquetPlace],
} as const;

for (const [name, [needs, makePlace]] of Object.entries(places)) {
  for (const seed of [1, 2]) {
    test(`workers killed at random have each row in ${name} once (seed ${seed})`, needs, async (t) =>
      surviveDeathsOfWorkers(t, await makePlace(), { seed, deaths: 8 }),
    );
    test(`a program killed at random has each row in ${name} once (seed ${seed})`, needs, async (t) =>
      surviveDeathsOfAll(t, await makePlace(), { seed, deaths: 6 }),
    );
  }
  test(`two programs have each row in ${name} once`, needs, async (t) => twoPrograms(t, await makePlace()));
}
