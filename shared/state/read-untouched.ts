import { existsSync } from 'node:fs';
import type { State } from './open.ts';
import { openState } from './open.ts';

/** A state in memory, with the current schema and nothing in it. */
const NOTHING = ':memory:';

/**
 * Reads a state file and leaves it, and its directory, as they were; where there is none, `read` is given an empty state. Waits for nobody,
 * and nobody waits for it.
 *
 * @throws EnvironmentError as `openState` does
 */
export async function readUntouched<T>(path: string, read: (state: State) => Promise<T>): Promise<T> {
  const state = existsSync(path) ? openState(path, { readonly: true }) : openState(NOTHING);
  try {
    return await read(state);
  } finally {
    state.close();
  }
}
