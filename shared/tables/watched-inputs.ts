import { type BytePath, fromBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';

/** A directory whose files are taken away, as far as the state file knows. */
export type WatchedInput = { name: string; input: BytePath };

/** All of them: a store of files that are only read must not be one. */
export const watchedInputs = (state: State): WatchedInput[] => inputsWhere(state, "takes <> 'load'");

/** The stores that were scanned. */
export const scannedStores = (state: State): WatchedInput[] => inputsWhere(state, "takes = 'load'");

const inputsWhere = (state: State, condition: string): WatchedInput[] =>
  state
    .prepare<[], { name: string; input: Buffer }>(
      `SELECT name, input FROM routes WHERE ${condition} ORDER BY id`,
    )
    .all()
    .map(({ name, input }) => ({ name, input: fromBytes(input) }));
