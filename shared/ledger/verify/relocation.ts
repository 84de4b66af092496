import { UsageError } from '../../errors.ts';
import { type BytePath, isWithin, relativeTo, toText } from '../../fs/byte-path.ts';
import type { Route } from '../../queue/routes.ts';

/** Where to look for what the state file says is at a path. */
export type Relocation = (path: BytePath) => BytePath;

export const inPlace: Relocation = (path) => path;

/**
 * Looks below `to` for what was recorded below the one directory that all routes share: for a warehouse that was moved, or a copy
 * of it that was brought back.
 *
 * @throws UsageError `verify.ambiguous` where the routes have several
 */
export function relocated(
  routes: readonly Route[],
  kind: 'warehouse' | 'manifests',
  to: BytePath,
): Relocation {
  const recorded = [...new Set(routes.map((route) => route[kind]))];
  const [from] = recorded;
  if (recorded.length > 1) {
    throw new UsageError(
      `--${kind} cannot stand for ${recorded.length} directories: ${recorded.map(toText).join(', ')}`,
      {
        code: 'verify.ambiguous',
        subject: kind,
        hint: `leave --${kind} out: verify looks where the state file says`,
      },
    );
  }
  if (from === undefined) return inPlace;
  return (path) => (isWithin(from, path) ? below(to, relativeTo(from, path)) : path);
}

const below = (to: BytePath, rest: BytePath): BytePath =>
  rest === '' ? to : (`${to === '/' ? '' : to}/${rest}` as BytePath);
