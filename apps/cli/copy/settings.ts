import { homedir } from 'node:os';
import type { Command } from 'commander';
import { pick } from '../../../shared/config/layer.ts';
import { layersOf, resolveStatePath } from '../../../shared/config/resolve.ts';
import { UsageError } from '../../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import { givenOptions } from '../options.ts';

export type CopySettings = {
  /** Absolute. */
  serverDirectory: string;
  /** Absolute. */
  statePath: string;
  /** Absolute; undefined where profiles are searched for. */
  credentials: string | undefined;
  home: string;
};

/** Of the options only those that are of the program's one table: -r is another one than `recursive` there. Throws UsageError, EnvironmentError. */
export function copySettings(command: Command, { env, cwd }: CliContext): CopySettings {
  const { server_directory, credentials, state_path, config } = givenOptions(command);
  const sources = { flags: { server_directory, credentials, state_path, config }, env, cwd };
  const { layers } = layersOf(sources);
  const serverDirectory = pick(layers, 'server_directory')?.value;
  if (serverDirectory === undefined)
    throw new UsageError('no server directory is given', {
      code: 'usage.missing',
      subject: '--server-directory',
      hint: 'give that of `wharfinger serve`, for example --server-directory /srv/flood',
    });
  return {
    serverDirectory,
    statePath: resolveStatePath(sources),
    credentials: pick(layers, 'credentials')?.value,
    home: homedir(),
  };
}
