import { basename, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { ConfigFile, ConfigRoute, ConfigSink } from './config-file.ts';
import { type Layer, milliseconds, pick } from './layer.ts';
import type { OptionName } from './options.ts';
import { refuseDisagreement } from './resolve-archive.ts';
import { resolveSinks } from './resolve-sinks.ts';
import type { RouteSettings, WatchedSettings } from './settings.ts';

export const DEFAULT_INPUT = 'data/staging';
const DEFAULT_WAREHOUSE = 'data/warehouse';
const DEFAULT_MANIFESTS = 'data/manifests';

/**
 * The routes: those of the config file, or one for each input that was given otherwise. `above` are the layers that win over a route's own.
 *
 * @throws UsageError where inputs are given in both ways, two routes have one name, or sinks do not go together
 */
export function resolveRoutes(file: ConfigFile, above: readonly Layer[], cwd: string): RouteSettings[] {
  const routes = routesOf(file, [...above, file.top], cwd).map(({ layer, sinks, ...identity }) => ({
    ...routeSettings(identity, [...above, layer, file.top], cwd),
    sinks: resolveSinks(sinks, [...above, file.top]),
  }));
  refuseDisagreement(
    routes.flatMap(({ sinks }) => sinks),
    file.routes.flatMap(({ sinks }) => sinks.map(({ place }) => place)),
  );
  return routes;
}

type Identity = { name: string; input: string };
type Route = Identity & { layer: Layer; sinks: readonly ConfigSink[] };

function routesOf(file: ConfigFile, layers: readonly Layer[], cwd: string): Route[] {
  const given = pick(layers, 'input');
  if (file.routes.length === 0) {
    const inputs = [given?.value ?? resolve(cwd, DEFAULT_INPUT)].flat();
    return named(inputs.map((input) => ({ input, layer: {}, sinks: [] })));
  }
  if (given !== undefined) {
    throw new UsageError(`${given.origin.label}: the config file has routes, each with its own input`, {
      code: 'usage.input',
      subject: given.origin.label,
      hint: 'leave it out, or add a route for it',
    });
  }
  refuseSameName(file.routes);
  return named(
    file.routes.map(({ name, layer, sinks }) => {
      const input = [layer.input?.value].flat()[0];
      if (input === undefined) throw new Error('a route without an input passed the validator');
      return { name, input, layer, sinks };
    }),
  );
}

/** @throws UsageError where two routes, or targets, have one name */
export function refuseSameName(routes: readonly ConfigRoute[], what = 'route'): void {
  const seen = new Map<string, string>();
  for (const { name, place } of routes) {
    if (name === undefined) continue;
    const before = seen.get(name);
    if (before !== undefined) {
      throw new UsageError(
        `${place}: there is a ${what} named ${JSON.stringify(name)} at ${before} already`,
        {
          code: 'config.invalid',
          subject: place,
          hint: `give each ${what} its own name`,
        },
      );
    }
    seen.set(name, place);
  }
}

/** A route that has no name takes the last part of its input, with a number where that is taken. */
export function named<Route extends { name?: string | undefined; input: string }>(
  routes: readonly Route[],
): (Route & Identity)[] {
  const taken = new Set(routes.map(({ name }) => name).filter((name) => name !== undefined));
  return routes.map((route) => {
    if (route.name !== undefined) return { ...route, name: route.name };
    const last = basename(route.input) || 'root';
    let name = last;
    for (let number = 2; taken.has(name); number++) name = `${last}-${number}`;
    taken.add(name);
    return { ...route, name };
  });
}

function routeSettings(
  identity: Identity,
  layers: readonly Layer[],
  cwd: string,
): Omit<RouteSettings, 'sinks'> {
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  const warehouse = get('warehouse') ?? resolve(cwd, DEFAULT_WAREHOUSE);
  return {
    ...watchedSettings(identity, layers, 'stability'),
    warehouse,
    manifests: get('manifests') ?? resolve(cwd, DEFAULT_MANIFESTS),
    duplicates: get('duplicates') ?? join(warehouse, '_duplicates'),
    onDuplicate: get('on_duplicate') ?? 'move',
    dedupe: get('dedupe') ?? 'content',
  };
}

/** How a directory is watched. */
export function watchedSettings(
  { name, input }: Identity,
  layers: readonly Layer[],
  mode: WatchedSettings['mode'],
): WatchedSettings {
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  const scanSeconds = get('scan_seconds');
  return {
    name,
    input,
    recursive: get('recursive') ?? true,
    mode: get('mode') ?? mode,
    stabilityMs: milliseconds(get('stability_seconds') ?? 10),
    include: [get('include') ?? []].flat(),
    exclude: [get('exclude') ?? []].flat(),
    watch: get('watch') ?? 'auto',
    scanMs: scanSeconds === undefined ? undefined : milliseconds(scanSeconds),
    overdueMs: milliseconds(get('overdue_seconds') ?? 3600),
  };
}
