import type { Settings } from '../../shared/config/settings.ts';

/** A child by its name, and what it runs with. */
export type Discovery = { name: string; settings: Settings };

/** The discoverers that settings ask for: none, one for all routes, or each route its own, with none but that in its settings. */
export function discoveriesOf(settings: Settings): Discovery[] {
  const { routes, uploadRoutes, discoverers } = settings;
  if (discoverers === 'none') return [];
  if (discoverers === 'one') return [{ name: 'discoverer', settings }];
  return [
    ...uploadRoutes.map((route) => ({ ...settings, routes: [], uploadRoutes: [route] })),
    ...routes.map((route) => ({ ...settings, routes: [route], uploadRoutes: [] })),
  ].map((own, index) => ({ name: `discoverer-${index + 1}`, settings: own }));
}
