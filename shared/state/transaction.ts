import Database from 'better-sqlite3';
import type { State } from './open.ts';

/**
 * Runs `work` under the write lock (BEGIN IMMEDIATE): either all that it wrote is on disk when this returns, or nothing is.
 * Waits for other writers as long as the state's busy timeout. Not to be nested.
 */
export function writeTransaction<T>(state: State, work: () => T): T {
  const { begin, commit, rollback } = statementsOf(state);
  whenFree(state, () => begin.run());
  begun.set(state, nextTransaction++);
  try {
    const result = work();
    commit.run();
    return result;
  } catch (error) {
    // Some errors of SQLite, a full disk for one, have rolled it back already.
    if (state.inTransaction) rollback.run();
    throw error;
  } finally {
    begun.delete(state);
  }
}

const begun = new WeakMap<State, number>();
let nextTransaction = 1;

/** Which write transaction a connection is in: another number for each. Undefined outside of any. */
export const openTransaction = (state: State): number | undefined => begun.get(state);

/**
 * The same without waiting for the disk: others see it at once and a killed process loses nothing of it, but a power cut may take
 * it back, together with all that was written later. So it is for what means nothing after a power cut (who holds a job), and for what
 * would be found again (a file in an input directory). The next durable transaction of any process makes it durable too, since
 * the log is one sequence.
 *
 * @see https://sqlite.org/pragma.html#pragma_synchronous on NORMAL in WAL mode
 */
export function lazyTransaction<T>(state: State, work: () => T): T {
  state.exec('PRAGMA synchronous = NORMAL');
  try {
    return writeTransaction(state, work);
  } finally {
    state.exec('PRAGMA synchronous = FULL');
  }
}

type Statements = Record<'begin' | 'commit' | 'rollback', Database.Statement<[]>> & { timeoutMs: number };

const known = new WeakMap<State, Statements>();

function statementsOf(state: State): Statements {
  const found = known.get(state);
  if (found !== undefined) return found;
  const made = {
    begin: state.prepare<[]>('BEGIN IMMEDIATE'),
    commit: state.prepare<[]>('COMMIT'),
    rollback: state.prepare<[]>('ROLLBACK'),
    timeoutMs: Number(state.pragma('busy_timeout', { simple: true })),
  };
  known.set(state, made);
  return made;
}

/**
 * SQLite's own busy handler sleeps up to 100 ms between two looks, and gives up at once where processes open and close the file at the same
 * time. The lock is held for some milliseconds at a time, so that we look more often.
 */
const LONGEST_SLEEP_MS = 10;
const FIRST_SLEEP_MS = 0.5;

function whenFree(state: State, take: () => unknown): void {
  const { timeoutMs } = statementsOf(state);
  const deadlineMs = performance.now() + timeoutMs;
  state.exec('PRAGMA busy_timeout = 0');
  try {
    for (let sleepMs = FIRST_SLEEP_MS; ; sleepMs = Math.min(2 * sleepMs, LONGEST_SLEEP_MS)) {
      try {
        take();
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadlineMs) throw error;
      }
      Atomics.wait(NOBODY_WAKES, 0, 0, sleepMs);
    }
  } finally {
    state.exec(`PRAGMA busy_timeout = ${timeoutMs}`);
  }
}

const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));

const isBusy = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
