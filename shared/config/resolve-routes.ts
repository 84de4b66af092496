import { basename, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { ConfigFile, ConfigRoute } from './config-file.ts';
import { type Layer, milliseconds, pick } from './layer.ts';
import type { OptionName } from './options.ts';
import type { RouteSettings } from './settings.ts';

export const DEFAULT_INPUT = 'data/staging';
const DEFAULT_WAREHOUSE = 'data/warehouse';
const DEFAULT_MANIFESTS = 'data/manifests';

/**
 * The routes: those of the config file, or one for each input that was given otherwise. `above` are the layers that win over a route's own.
 *
 * @throws UsageError where inputs are given in both ways, or two routes have one name
 */
export function resolveRoutes(file: ConfigFile, above: readonly Layer[], cwd: string): RouteSettings[] {
  return routesOf(file, [...above, file.top], cwd).map(({ layer, ...identity }) =>
    routeSettings(identity, [...above, layer, file.top], cwd),
  );
}

type Identity = { name: string; input: string };

function routesOf(file: ConfigFile, layers: readonly Layer[], cwd: string): (Identity & { layer: Layer })[] {
  const given = pick(layers, 'input');
  if (file.routes.length === 0) {
    const inputs = [given?.value ?? resolve(cwd, DEFAULT_INPUT)].flat();
    return named(inputs.map((input) => ({ input, layer: {} })));
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
    file.routes.map(({ name, layer }) => {
      const input = [layer.input?.value].flat()[0];
      if (input === undefined) throw new Error('a route without an input passed the validator');
      return { name, input, layer };
    }),
  );
}

function refuseSameName(routes: readonly ConfigRoute[]): void {
  const seen = new Map<string, string>();
  for (const { name, place } of routes) {
    if (name === undefined) continue;
    const before = seen.get(name);
    if (before !== undefined) {
      throw new UsageError(`${place}: there is a route named ${JSON.stringify(name)} at ${before} already`, {
        code: 'config.invalid',
        subject: place,
        hint: 'give each route its own name',
      });
    }
    seen.set(name, place);
  }
}

/** A route that has no name takes the last part of its input, with a number where that is taken. */
function named<Route extends { name?: string | undefined; input: string }>(
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

function routeSettings({ name, input }: Identity, layers: readonly Layer[], cwd: string): RouteSettings {
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  const warehouse = get('warehouse') ?? resolve(cwd, DEFAULT_WAREHOUSE);
  const scanSeconds = get('scan_seconds');
  return {
    name,
    input,
    recursive: get('recursive') ?? true,
    warehouse,
    manifests: get('manifests') ?? resolve(cwd, DEFAULT_MANIFESTS),
    duplicates: get('duplicates') ?? join(warehouse, '_duplicates'),
    onDuplicate: get('on_duplicate') ?? 'move',
    dedupe: get('dedupe') ?? 'content',
    mode: get('mode') ?? 'stability',
    stabilityMs: milliseconds(get('stability_seconds') ?? 10),
    include: [get('include') ?? []].flat(),
    exclude: [get('exclude') ?? []].flat(),
    watch: get('watch') ?? 'auto',
    scanMs: scanSeconds === undefined ? undefined : milliseconds(scanSeconds),
    overdueMs: milliseconds(get('overdue_seconds') ?? 3600),
  };
}
