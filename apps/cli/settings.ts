import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { type Resolved, resolveSettings, resolveStatePath } from '../../shared/config/resolve.ts';
import { UsageError } from '../../shared/errors.ts';
import type { CliContext } from './context.ts';
import { givenOptions } from './options.ts';

/** The settings that a command was asked to run with. Throws UsageError, EnvironmentError. */
export const settingsOf = (command: Command, { env, cwd, stderr }: CliContext): Resolved =>
  resolveSettings({
    flags: givenOptions(command),
    env,
    cwd,
    cores: availableParallelism(),
    onTerminal: stderr.isTerminal,
  });

/**
 * The same for a process that runs without a supervisor, which cannot do a dry run: it must not do the real thing instead
 * where a variable or the config file asks for one.
 */
export function settingsOfAlone(command: Command, context: CliContext): Resolved {
  const resolved = settingsOf(command, context);
  if (!resolved.dryRun) return resolved;
  throw new UsageError(`dry_run is set, which ${command.name()} cannot do`, {
    code: 'usage.dry-run',
    subject: 'dry_run',
    hint: 'use `wharfinger start --dry-run`, or take dry_run out of the environment and the config file',
  });
}

/** The state file, for a command that took `addStateOptions`. Throws UsageError, EnvironmentError. */
export const statePathOf = (command: Command, { env, cwd }: CliContext): string =>
  resolveStatePath({ flags: givenOptions(command), env, cwd });
