import { dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import { fromText, isWithin } from '../fs/byte-path.ts';
import type { LogFormat, LogLevel } from '../log/levels.ts';
import { environmentLayer, flagLayer, type Layer, milliseconds, pick } from './layer.ts';
import { flagName, OPTIONS, type OptionName } from './options.ts';
import { programSettings, type Sources } from './resolve.ts';
import { loadingOf } from './resolve-load.ts';
import { readSchemaFile } from './schema-file.ts';
import type { LoadSink } from './settings.ts';
import { targetName } from './table-texts.ts';

/** What `scan` runs with. Paths are text, absolute and normalized. */
export type ScanSettings = {
  statePath: string;
  /** The directory that is only read. */
  store: string;
  recursive: boolean;
  /** Globs on the path relative to the store; an empty list takes all. */
  include: string[];
  exclude: string[];
  /** How long a file must have been left alone. */
  stabilityMs: number;
  /** How far back a scan looks, and how often there is one. */
  intervalMs: number;
  once: boolean;
  sink: LoadSink;
  logLevel: LogLevel;
  logFormat: LogFormat;
};

const INTERVAL_SECONDS = 3600;

/**
 * What `scan` runs with: options before environment before default. It has no config file.
 *
 * @throws UsageError one line, for the first thing that is wrong; EnvironmentError where the schema file cannot be read
 */
export function resolveScan(sources: Sources): ScanSettings {
  const { flags, env, cwd } = sources;
  const layers = [flagLayer(flags, cwd), environmentLayer(env, cwd)];
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  const store = needed(layers, 'store', 'say which directory the files are in');
  needed(layers, 'into', 'say where the table is');
  const table = needed(layers, 'table', 'say which table the rows go to');
  const schemaFile = pick(layers, 'schema_file');
  const schema = schemaFile === undefined ? undefined : readSchemaFile(schemaFile.value, schemaFile.value);
  const loading = loadingOf(layers, schema, '');
  const { statePath, once, logLevel, logFormat } = programSettings(sources, get);
  const settings: ScanSettings = {
    statePath,
    store,
    recursive: get('recursive') ?? true,
    include: [get('include') ?? []].flat(),
    exclude: [get('exclude') ?? []].flat(),
    stabilityMs: milliseconds(get('stability_seconds') ?? 10),
    intervalMs: milliseconds(get('interval_seconds') ?? INTERVAL_SECONDS),
    once,
    // One store may be loaded into several tables, each with its own marks.
    sink: { type: 'load', name: `scan:${targetName(loading.target)}:${table}`, ...loading },
    logLevel,
    logFormat,
  };
  refuseOverlapsWithStore(settings);
  return settings;
}

function needed<Name extends 'store' | 'into' | 'table'>(
  layers: readonly Layer[],
  name: Name,
  what: string,
): string {
  const given = pick(layers, name);
  if (given !== undefined) return given.value;
  const flag = flagName(name);
  throw new UsageError(`no ${NOUNS[name]} is given`, {
    code: 'usage.missing',
    subject: flag,
    hint: `${what}, for example ${flag} ${OPTIONS[name].example}`,
  });
}

const NOUNS = { store: 'store', into: 'target', table: 'table' } as const;

/**
 * Refuses to write into the store what the next scan would take for a file of it. Compares names alone, as `refuseOverlaps` does.
 *
 * @throws UsageError
 */
export function refuseOverlapsWithStore({ store, recursive, statePath, sink }: ScanSettings): void {
  const sees = (path: string) =>
    recursive ? isWithin(fromText(store), fromText(path)) : dirname(path) === store || path === store;
  const refuse = (what: string, hint: string): never => {
    throw new UsageError(`${what} lies in the store ${store}, so it would be taken as a file of it`, {
      code: 'usage.overlap',
      subject: store,
      hint,
    });
  };
  if (sees(statePath)) refuse(`the state file ${statePath}`, 'put it elsewhere with --state-path');
  const { target } = sink;
  const place =
    target.is === 'postgres' ? undefined : target.is === 'duckdb' ? target.path : target.directory;
  if (place !== undefined && sees(place))
    refuse(`the target ${targetName(target)}`, 'put it beside the store with --into');
  if (target.is === 'parquet' && isWithin(fromText(target.directory), fromText(store)))
    throw new UsageError(`the store ${store} lies in the target ${targetName(target)}`, {
      code: 'usage.overlap',
      subject: store,
      hint: 'put the one beside the other',
    });
}
