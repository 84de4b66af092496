import type { State } from './open.ts';

/**
 * Runs `work` under the write lock (BEGIN IMMEDIATE): either all that it wrote is on disk when this returns, or nothing is.
 * Waits for other writers as long as the state's busy timeout. Not to be nested.
 */
export function writeTransaction<T>(state: State, work: () => T): T {
  return state.transaction(work).immediate();
}
