import { pick } from './layer.ts';
import type { OptionName } from './options.ts';
import { layersOf, programSettings, type Sources } from './resolve.ts';
import type { Settings } from './settings.ts';

/**
 * What `load` runs with: workers that take nothing but the tasks that load files, and nobody who watches. What is loaded how stands in the
 * state file. Throws as `resolveSettings` does.
 */
export function resolveLoadWorkers(sources: Sources): Settings {
  const { layers } = layersOf(sources);
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  return {
    ...programSettings(sources, get),
    routes: [],
    uploadRoutes: [],
    discoverers: 'none',
    kinds: ['load'],
  };
}
