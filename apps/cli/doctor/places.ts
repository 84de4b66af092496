import { dirname } from 'node:path';
import { basesOf, movesDuplicates, type Settings } from '../../../shared/config/settings.ts';
import { fromText, isWithin } from '../../../shared/fs/byte-path.ts';

/** A directory that files are written to, with the option that names it. */
export type Place = {
  what: string;
  directory: string;
  flag: string;
  /** It may be a mount point: never made. */
  mustExist?: true;
};

const unique = (places: readonly Place[]): Place[] => [
  ...new Map(places.map((place) => [place.directory, place])).values(),
];

/** All directories that are written to, each once. Duplicates below the warehouse are part of it. */
export function placesOf({ routes, statePath }: Settings): Place[] {
  const ofRoutes = routes.flatMap((route) => {
    const { warehouse, manifests, duplicates } = route;
    const isApart = movesDuplicates(route) && !isWithin(fromText(warehouse), fromText(duplicates));
    return [
      { what: 'warehouse', directory: warehouse, flag: '--warehouse' },
      { what: 'manifests', directory: manifests, flag: '--manifests' },
      ...(isApart ? [{ what: 'duplicates', directory: duplicates, flag: '--duplicates' }] : []),
    ];
  });
  const bases = basesOf(routes).map((base) => ({
    what: 'archives',
    directory: base,
    flag: 'base',
    mustExist: true as const,
  }));
  return unique([
    ...ofRoutes,
    ...bases,
    { what: 'state', directory: dirname(statePath), flag: '--state-path' },
  ]);
}

/** The inputs that are there, each once. */
export const inputsOf = ({ routes }: Settings): string[] => [...new Set(routes.map(({ input }) => input))];
