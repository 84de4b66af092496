import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { TargetError, type TargetTrouble } from '../../../../shared/tables/errors.ts';
import type { PostgresLab } from './postgres-lab.ts';

/** What stands in the way, as it must. */
export async function troubleOf(
  work: Promise<unknown>,
  trouble: TargetTrouble,
  code: string,
): Promise<TargetError> {
  const error = await work.then(
    () => assert.fail('it went well'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof TargetError, String(error));
  assert.deepEqual([error.trouble, error.code, error.message.includes('\n')], [trouble, code, false]);
  return error;
}

/** A connection of somebody else, to hold locks with. */
export async function stranger(t: TestContext, lab: PostgresLab): Promise<pg.Client> {
  const client = new pg.Client({ ...lab.place, password: lab.password });
  await client.connect();
  t.after(() => client.end());
  return client;
}

/** Returns when a load waits for a lock, or for one of a sort, as `pg_stat_activity` names them. */
export async function waits(lab: PostgresLab, lock = '%'): Promise<void> {
  for (;;) {
    const waiting = await lab.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wharfinger' AND wait_event_type = 'Lock' AND wait_event LIKE $1",
      [lock],
    );
    if (waiting.length > 0) return;
  }
}
