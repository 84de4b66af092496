import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { Granary, TABLE } from '../support/granary.ts';
import { needsPostgres, postgresOfFile } from '../support/postgres.ts';
import { postgresPlace } from '../support/table-places.ts';

const server = postgresOfFile();

test(
  'a table that stays locked for longer than a load waits has its tasks tried again, with that reason',
  needsPostgres,
  async (t) => {
    const place = await postgresPlace(server());
    const granary = new Granary(t, () => place);
    granary.drop('first.csv', 0, 20);
    assert.equal((await granary.once()).code, 0);
    const { port, env } = server();
    const options = { host: '127.0.0.1', port, user: 'wharf', password: env.PGPASSWORD };
    const other = new pg.Client({ ...options, database: place.database });
    await other.connect();
    t.after(() => other.end());
    await other.query(`BEGIN; LOCK TABLE ${TABLE} IN ACCESS EXCLUSIVE MODE`);
    granary.drop('second.csv', 100, 20);
    await using program = granary.run();
    const { reason } = await program.waitFor('load.waiting', 60_000);
    assert.match(
      String(reason),
      /^the table is locked by somebody else \(.*\): canceling statement due to lock timeout; see pg_locks/,
    );
    await other.query('COMMIT');
    await granary.until('all is loaded', () => granary.loaded() === 2);
    assert.equal((await program.stop()).code, 0);
    await granary.assertAllLoadedOnce();
  },
);
