import type { Command } from 'commander';
import { resolveStatePath } from '../../shared/config/resolve.ts';
import { errnoOf } from '../../shared/errors.ts';
import { explainStateError, openState, type State } from '../../shared/state/open.ts';
import type { CliContext } from './context.ts';
import { givenOptions } from './options.ts';

/** Runs `use` on the state file that a command names, which must be there. Nothing is written. Throws EnvironmentError. */
export function readingState<T>(
  command: Command,
  context: CliContext,
  use: (state: State) => T | Promise<T>,
): Promise<T> {
  const path = pathOf(command, context);
  return closing(path, openState(path, { readonly: true }), use);
}

/** As `readingState`, for a command that changes the queue. It makes no state file where there is none. */
export function changingState<T>(
  command: Command,
  context: CliContext,
  use: (state: State) => T | Promise<T>,
): Promise<T> {
  const path = pathOf(command, context);
  openState(path, { readonly: true }).close();
  return closing(path, openState(path), use);
}

/** Of the options only those that name the state file: a command may have others that are called as those of `start` are. */
function pathOf(command: Command, { env, cwd }: CliContext): string {
  const { state_path, config } = givenOptions(command);
  return resolveStatePath({ flags: { state_path, config }, env, cwd });
}

async function closing<T>(path: string, state: State, use: (state: State) => T | Promise<T>): Promise<T> {
  try {
    return await use(state);
  } catch (error) {
    // A failed system call is about some other file.
    throw errnoOf(error) === undefined ? explainStateError(error, path) : error;
  } finally {
    state.close();
  }
}
