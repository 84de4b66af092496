import { test } from 'node:test';
import { needsPostgres, postgresOfFile } from '../support/postgres.ts';
import { duckdbPlace, parquetPlace, postgresPlace } from '../support/table-places.ts';
import { surviveAFreeze } from './loads-frozen.ts';

const server = postgresOfFile();

for (const point of ['load.in-transaction', 'load.before-commit', 'load.committed'] as const) {
  test(`a worker frozen at ${point} of DuckDB past its lease doubles nothing when it wakes`, (t) =>
    surviveAFreeze(t, duckdbPlace, point, (second) => second.waitFor('load.waiting')));
}

for (const point of ['load.in-transaction', 'load.before-commit'] as const)
  test(
    `a worker frozen at ${point} of PostgreSQL past its lease doubles nothing when it wakes`,
    needsPostgres,
    async (t) => {
      const place = await postgresPlace(server());
      await surviveAFreeze(
        t,
        () => place,
        point,
        async () => {
          while ((await place.ask('SELECT 1 FROM pg_locks WHERE NOT granted')).length === 0);
        },
      );
    },
  );

test(
  'a worker frozen after PostgreSQL has committed past its lease doubles nothing when it wakes',
  needsPostgres,
  async (t) => {
    const place = await postgresPlace(server());
    await surviveAFreeze(
      t,
      () => place,
      'load.committed',
      (_, granary) => granary.until('all is loaded by the other', () => granary.loaded() === 6),
    );
  },
);

for (const point of ['parquet.written', 'parquet.planned', 'parquet.renamed'] as const)
  test(`a worker frozen at ${point} past its lease doubles nothing when it wakes`, (t) =>
    surviveAFreeze(t, parquetPlace, point, (_, granary) =>
      granary.until('all is loaded by the other', () => granary.loaded() === 6),
    ));
