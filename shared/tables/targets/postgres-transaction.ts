import type { FileToLoad } from '../contract.ts';
import type { PostgresSession } from './postgres-session.ts';

/** Whoever else has locked the table is waited for as long; then the load is tried again later. */
export const LOCK_WAIT_MS = 30_000;
/**
 * Between two statements we need milliseconds. A worker that was frozen there holds its contents for no longer than this: the server ends its
 * transaction.
 */
const IDLE_MS = 60_000;
/**
 * And one that was frozen while it sent rows, where the server waits for it within a statement, for no longer than this and a second for each
 * `SLOWEST_BYTES` of its files.
 */
const STATEMENT_MS = 300_000;
const SLOWEST_BYTES = 65_536;

/**
 * Begins the transaction of a load. It sees what others have committed meanwhile, whatever the server's default is; and its end is durable
 * when it is told, where the user's default would have been not to wait for that. In `sql_standard` one sign would be that of a whole interval.
 */
export async function begin(
  session: PostgresSession,
  files: readonly FileToLoad[],
  lockWaitMs: number,
): Promise<void> {
  const sizeBytes = files.reduce((sum, { csv }) => sum + csv.sizeBytes, 0);
  const statementMs = STATEMENT_MS + Math.ceil(sizeBytes / SLOWEST_BYTES) * 1000;
  await session.run(`
    BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL lock_timeout = ${lockWaitMs};
    SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS};
    SET LOCAL statement_timeout = ${Math.min(statementMs, 2 ** 31 - 1)};
    SET LOCAL client_min_messages = warning;
    SET LOCAL intervalstyle = postgres;
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`);
}

/** Undoes what the transaction did. Where the connection is gone the server does it by itself. */
export async function rollBack(session: PostgresSession): Promise<void> {
  if (!session.isUsable) return;
  try {
    await session.run('ROLLBACK');
  } catch (error) {
    // What made us roll back is to be heard of, and not this.
    session.destroy(error);
  }
}

/** Work that leaves nothing in the transaction when it fails, which then goes on. */
export async function atomically<T>(session: PostgresSession, work: () => Promise<T>): Promise<T> {
  await session.run('SAVEPOINT wharfinger');
  try {
    const result = await work();
    await session.run('RELEASE SAVEPOINT wharfinger');
    return result;
  } catch (error) {
    if (session.isUsable) await session.run('ROLLBACK TO SAVEPOINT wharfinger; RELEASE SAVEPOINT wharfinger');
    throw error;
  }
}
