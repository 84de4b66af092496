import { dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import { configFault, originIn } from './config-fault.ts';
import { configSchema, SINK_TYPES } from './config-schema.ts';
import { type Layer, layerOf } from './layer.ts';
import { nearest } from './words.ts';
import { readYamlFile, type YamlFile } from './yaml-file.ts';

/** A route of the config file. */
export type ConfigRoute = {
  name: string | undefined;
  layer: Layer;
  /** `file:line` of the route. */
  place: string;
};

export type ConfigFile = { top: Layer; routes: ConfigRoute[] };

/**
 * Reads and judges a config file; its relative paths start at its own directory. `shown` is its name as the person wrote it.
 *
 * @throws UsageError with file and line of the first thing that is wrong; EnvironmentError where it cannot be read
 */
export function readConfigFile(path: string, shown: string): ConfigFile {
  const file = readYamlFile(path, shown);
  const value = file.value ?? {};
  const result = configSchema.safeParse(value);
  if (!result.success) throw configFault(file, value, result.error.issues);

  const { routes = [], ...top } = result.data;
  const layerAt = (values: Readonly<Record<string, unknown>>, at: readonly PropertyKey[]) =>
    layerOf(values, (name) => originIn(file, [...at, name]), dirname(path));
  return {
    top: layerAt(top, []),
    routes: routes.map(({ name, sinks = [], ...values }, index) => {
      sinks.forEach((sink, at) => {
        refuseUnknownSink(file, sink.type, ['routes', index, 'sinks', at, 'type']);
      });
      return { name, layer: layerAt(values, ['routes', index]), place: file.place(['routes', index]) };
    }),
  };
}

function refuseUnknownSink(file: YamlFile, type: string, path: readonly PropertyKey[]): void {
  if (SINK_TYPES.includes(type)) return;
  const place = file.place(path);
  const meant = nearest(type, SINK_TYPES);
  throw new UsageError(`${place}: this version has no sink of type ${JSON.stringify(type)}`, {
    code: 'config.sink',
    subject: place,
    hint:
      meant === undefined
        ? 'leave it out, or run a version of wharfinger that has it'
        : `did you mean ${meant}?`,
  });
}
