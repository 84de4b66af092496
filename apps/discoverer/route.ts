import type { RouteSettings } from '../../shared/config/settings.ts';
import { type BytePath, fromText, relativeTo } from '../../shared/fs/byte-path.ts';
import type { Routes } from '../../shared/queue/routes.ts';
import { createFilter, type Filter } from './filter.ts';

/** A route as the discoverer uses it. */
export type DiscoveredRoute = {
  id: number;
  name: string;
  input: BytePath;
  settings: RouteSettings;
  filter: Filter;
};

/** Stores a route, so that every worker knows it, or brings what is stored up to date. */
export function saveRoute(settings: RouteSettings, routes: Routes): DiscoveredRoute {
  const id = routes.save({
    name: settings.name,
    input: fromText(settings.input),
    warehouse: fromText(settings.warehouse),
    manifests: fromText(settings.manifests),
    duplicates: fromText(settings.duplicates),
    onDuplicate: settings.onDuplicate,
    dedupe: settings.dedupe,
    mode: settings.mode,
    stabilityMs: settings.stabilityMs,
  });
  return routeOf(settings, id);
}

export const routeOf = (settings: RouteSettings, id: number): DiscoveredRoute => ({
  id,
  name: settings.name,
  input: fromText(settings.input),
  settings,
  filter: createFilter(settings),
});

/** Why a path in the input is not to be taken; undefined where it is. */
export const exclusionIn = (route: DiscoveredRoute, path: BytePath): string | undefined =>
  route.filter(relativeTo(route.input, path));
