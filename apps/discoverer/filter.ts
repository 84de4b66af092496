import picomatch from 'picomatch';
import type { WatchedSettings } from '../../shared/config/settings.ts';
import { type BytePath, toText } from '../../shared/fs/byte-path.ts';
import { exclusionOf, ownNameIn } from '../../shared/fs/excluded.ts';

/** Why a name below an input is not to be taken; undefined where it is. The path is relative to the input. */
export type Filter = (relative: BytePath) => string | undefined;

/** `**` and `*` match all that a name can hold: a dot in front (what is hidden is left out anyhow) and, by `s`, a newline. */
const GLOB_OPTIONS = { dot: true, flags: 's' } as const;

export function createFilter({
  recursive,
  include,
  exclude,
  everyName = false,
}: Pick<WatchedSettings, 'recursive' | 'include' | 'exclude'> & { everyName?: boolean }): Filter {
  const includes = include.length === 0 ? undefined : picomatch(include, GLOB_OPTIONS);
  const excludes = exclude.map((glob) => ({ glob, matches: picomatch(glob, GLOB_OPTIONS) }));
  const byGlob = (text: string): string | undefined => {
    if (includes?.(text) === false) return 'it matches no --include';
    const excluded = excludes.find(({ matches }) => matches(text));
    return excluded === undefined ? undefined : `it matches --exclude ${excluded.glob}`;
  };
  return (relative) => {
    const builtIn = everyName ? ownNameIn(relative) : exclusionOf(relative);
    if (builtIn !== undefined) return builtIn;
    if (!recursive && relative.includes('/')) return 'it lies in a subdirectory';
    return includes === undefined && excludes.length === 0 ? undefined : byGlob(toText(relative));
  };
}
