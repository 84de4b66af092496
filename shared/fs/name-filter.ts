import picomatch from 'picomatch';
import { type BytePath, toText } from './byte-path.ts';
import { exclusionOf, ownNameIn } from './excluded.ts';

/** Why a name below a directory is not to be taken; undefined where it is. The path is relative to the directory. */
export type Filter = (relative: BytePath) => string | undefined;

export type FilterOptions = {
  recursive: boolean;
  /** Globs on the relative path; an empty list takes all. */
  include: readonly string[];
  exclude: readonly string[];
  /** Hidden and temporary names are files like any other. */
  everyName?: boolean;
};

/** `**` and `*` match all that a name can hold: a dot in front (what is hidden is left out anyhow) and, by `s`, a newline. */
const GLOB_OPTIONS = { dot: true, flags: 's' } as const;

export function createFilter({ recursive, include, exclude, everyName = false }: FilterOptions): Filter {
  const includes = include.length === 0 ? undefined : picomatch([...include], GLOB_OPTIONS);
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
