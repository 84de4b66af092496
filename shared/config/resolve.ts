import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import { environmentLayer, flagLayer, type Layer, milliseconds, pick } from './layer.ts';
import type { OptionName, OptionValues } from './options.ts';
import { refuseOverlaps } from './overlap.ts';
import { DEFAULT_INPUT, resolveRoutes } from './resolve-routes.ts';
import type { Settings } from './settings.ts';

export type Sources = {
  /** Options as given on the command line, by their names in the config file; `config` names the config file. */
  flags: Readonly<Record<string, unknown>>;
  env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths of options and of the environment start; absolute. */
  cwd: string;
  /** How many processors there are. */
  cores: number;
  /** Whether a person looks at stderr. */
  onTerminal: boolean;
};

export type Resolved = {
  settings: Settings;
  dryRun: boolean;
  /** The input that nobody named: made where it is missing, while any other must exist. */
  inputsToMake: string[];
};

const DEFAULT_STATE = 'data/state/wharfinger.db';

/**
 * What to run with: options before environment before config file before default, and within the file a route before its top
 * level. An option given on the command line or in the environment thus holds for every route. Touches nothing but the config file.
 *
 * @throws UsageError one line, for the first thing that is wrong; EnvironmentError where the config file cannot be read
 */
export function resolveSettings(sources: Sources): Resolved {
  const { cwd } = sources;
  const { file, above, layers } = layersOf(sources);
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  const settings: Settings = {
    ...programSettings(sources, get),
    routes: resolveRoutes(file, above, cwd),
    uploadRoutes: [],
    discoverers: 'one',
  };
  refuseOverlaps(settings);
  return {
    settings,
    dryRun: get('dry_run') ?? false,
    inputsToMake:
      pick(layers, 'input') === undefined && file.routes.length === 0 ? [resolve(cwd, DEFAULT_INPUT)] : [],
  };
}

type Get = <Name extends OptionName>(name: Name) => OptionValues[Name] | undefined;

/** What was given, in the order in which it counts. */
export function layersOf(sources: Pick<Sources, 'flags' | 'env' | 'cwd'>): {
  file: ConfigFile;
  /** The command line and the environment, which win over a route's own. */
  above: Layer[];
  layers: Layer[];
} {
  const { flags, env, cwd } = sources;
  const file = configFileOf(sources);
  const above = [flagLayer(flags, cwd), environmentLayer(env, cwd)];
  return { file, above, layers: [...above, file.top] };
}

/** All settings that are no route's. */
export function programSettings(
  { cwd, cores, onTerminal }: Sources,
  get: Get,
): Omit<Settings, 'routes' | 'uploadRoutes' | 'discoverers'> {
  return {
    statePath: get('state_path') ?? resolve(cwd, DEFAULT_STATE),
    workers: get('workers') ?? cores,
    concurrency: get('concurrency') ?? 4,
    leaseMs: milliseconds(get('lease_seconds') ?? 30),
    maxAttempts: get('max_attempts') ?? 5,
    queueLimit: get('queue_limit') ?? 100_000,
    stopMs: milliseconds(get('stop_seconds') ?? 10),
    metricsPort: get('metrics_port'),
    logLevel: get('log_level') ?? 'info',
    logFormat: get('log_format') ?? (onTerminal ? 'pretty' : 'json'),
    once: get('once') ?? false,
    retryMs: milliseconds(get('retry_seconds') ?? 30),
    maxRetries: get('max_retries') ?? 10,
    keepRecordsDays: get('keep_records_days') ?? 90,
  };
}

/** The state file alone, for commands that need nothing else. Throws as `resolveSettings` does. */
export function resolveStatePath(sources: Pick<Sources, 'flags' | 'env' | 'cwd'>): string {
  const { flags, env, cwd } = sources;
  const above = [flagLayer(flags, cwd), environmentLayer(env, cwd)];
  return (
    pick(above, 'state_path')?.value ??
    configFileOf(sources).top.state_path?.value ??
    resolve(cwd, DEFAULT_STATE)
  );
}

function configFileOf({ flags, env, cwd }: Pick<Sources, 'flags' | 'env' | 'cwd'>): ConfigFile {
  const shown = typeof flags.config === 'string' ? flags.config : env.WHARFINGER_CONFIG || undefined;
  if (shown === undefined) return { top: {}, routes: [] };
  if (shown === '') {
    throw new UsageError('--config: "" is not a path', {
      code: 'usage.value',
      subject: '--config',
      hint: 'for example --config wharfinger.yaml',
    });
  }
  return readConfigFile(resolve(cwd, shown), shown);
}
