import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openState, type State } from './open.ts';

/** An in-memory state with the current schema and nothing in it. */
const NOTHING = ':memory:';

/**
 * Reads a state file and leaves it, and its directory, as they were; where there is none, `read` is given an empty one. Waits for nobody, and
 * nobody waits for it.
 *
 * @throws EnvironmentError as `openState` does
 */
export async function readUntouched<T>(path: string, read: (state: State) => Promise<T>): Promise<T> {
  if (!existsSync(path)) return await using(openState(NOTHING), read);
  const log = `${path}-wal`;
  const hadLog = existsSync(log);
  try {
    return await using(openState(path, { readonly: true }), read);
  } finally {
    if (!hadLog && existsSync(log)) removeLog(path);
  }
}

async function using<T>(state: State, read: (state: State) => Promise<T>): Promise<T> {
  try {
    return await read(state);
  } finally {
    state.close();
  }
}

/**
 * A reader makes the files of the write-ahead log where they are missing, and cannot remove them. SQLite itself does, when the last
 * connection that may write is closed: under its own locks, so that it is harmless beside a program that has just started. There
 * is nothing in the log that it could write to the state file.
 */
function removeLog(path: string): void {
  const state = new Database(path, { fileMustExist: true });
  try {
    state.prepare('SELECT 1 FROM sqlite_schema').get();
  } finally {
    state.close();
  }
}
