import { dirname } from 'node:path';
import { configFault, originIn } from './config-fault.ts';
import type { SINK_TYPES } from './config-schema.ts';
import type { DeclaredSchema } from './declared-schema.ts';
import { CONFIG_FILE, type Grammar, WATCH_FILE } from './grammar.ts';
import { type Layer, layerOf } from './layer.ts';
import { readYamlFile } from './yaml-file.ts';

/** A sink of a route. Judged: what a sink needs is there. */
export type ConfigSink = {
  type: (typeof SINK_TYPES)[number];
  name: string | undefined;
  layer: Layer;
  /** Of a sink that loads: what it says of the files. */
  schema: DeclaredSchema | undefined;
  /** `file:line` of the sink. */
  place: string;
};

/** A route of the config file. */
export type ConfigRoute = {
  name: string | undefined;
  layer: Layer;
  sinks: ConfigSink[];
  /** `file:line` of the route. */
  place: string;
};

export type ConfigFile = { top: Layer; routes: ConfigRoute[] };

/**
 * Reads and judges a config file; its relative paths start at its own directory. `shown` is its name as the person wrote it.
 *
 * @throws UsageError with file and line of the first thing that is wrong; EnvironmentError where it cannot be read
 */
export const readConfigFile = (path: string, shown: string): ConfigFile => read(path, shown, CONFIG_FILE);

/** The same for the file of `watch`: its targets are routes without sinks. */
export const readWatchFile = (path: string, shown: string): ConfigFile => read(path, shown, WATCH_FILE);

type Values = Readonly<Record<string, unknown>>;

function read(path: string, shown: string, grammar: Grammar): ConfigFile {
  const file = readYamlFile(path, shown);
  const value = file.value ?? {};
  const result = grammar.schema.safeParse(value);
  if (!result.success) throw configFault(file, value, result.error.issues, grammar);

  const mappingAt = (values: Values, at: readonly PropertyKey[], keyOf = (name: string) => name) => ({
    name: typeof values.name === 'string' ? values.name : undefined,
    // As they stand in the file: what the schema made of them is not judged twice.
    layer: layerOf(values, (name) => originIn(file, [...at, keyOf(name)]), dirname(path)),
    place: file.place(at),
  });
  const sinkAt = (values: Values, at: readonly PropertyKey[]): ConfigSink => {
    const { type, target: into, schema, ...rest } = values;
    return type === 'load'
      ? {
          ...mappingAt({ ...rest, into }, at, (name) => (name === 'into' ? 'target' : name)),
          type,
          schema: schema as DeclaredSchema | undefined,
        }
      : { ...mappingAt(values, at), type: type === 'archive' ? type : 's3', schema: undefined };
  };
  const { list } = grammar;
  const { top, items } = split(list, value as Values);
  return {
    top: mappingAt(top, []).layer,
    routes: items.map((item, index) => ({
      ...mappingAt(item, [list, index]),
      sinks: sinksOf(item).map((sink, at) => sinkAt(sink, [list, index, 'sinks', at])),
    })),
  };
}

const split = (list: string, { [list]: items = [], ...top }: Values) => ({ top, items: items as Values[] });
const sinksOf = ({ sinks = [] }: Values): Values[] => sinks as Values[];
