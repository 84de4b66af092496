import { dirname } from 'node:path';
import type { Settings } from '../../../shared/config/settings.ts';
import { fromText, isWithin } from '../../../shared/fs/byte-path.ts';

/** A directory that files are written to, with the option that names it. */
export type Place = { what: string; directory: string; flag: string };

const unique = (places: readonly Place[]): Place[] => [
  ...new Map(places.map((place) => [place.directory, place])).values(),
];

/** All directories that are written to, each once. Duplicates below the warehouse are part of it. */
export function placesOf({ routes, statePath }: Settings): Place[] {
  const ofRoutes = routes.flatMap(({ warehouse, manifests, duplicates, onDuplicate }) => {
    const isApart = onDuplicate === 'move' && !isWithin(fromText(warehouse), fromText(duplicates));
    return [
      { what: 'warehouse', directory: warehouse, flag: '--warehouse' },
      { what: 'manifests', directory: manifests, flag: '--manifests' },
      ...(isApart ? [{ what: 'duplicates', directory: duplicates, flag: '--duplicates' }] : []),
    ];
  });
  return unique([...ofRoutes, { what: 'state', directory: dirname(statePath), flag: '--state-path' }]);
}

/** The inputs that are there, each once. */
export const inputsOf = ({ routes }: Settings): string[] => [...new Set(routes.map(({ input }) => input))];
