import type { BytePath } from './byte-path.ts';

/** The sidecar of `name` is `name.ok`. */
export const SIDECAR_SUFFIX = '.ok';

/** What editors, browsers and transfer tools call a file that they have not finished. */
const TEMPORARY_SUFFIXES = [
  '.tmp',
  '.part',
  '.partial',
  '.swp',
  '.swx',
  '.filepart',
  '.crdownload',
  '.download',
] as const;

const REASONS: ReadonlyMap<string, string> = new Map([
  ...TEMPORARY_SUFFIXES.map((suffix) => [suffix, `temporary: its name ends with ${suffix}`] as const),
]);

/**
 * Why a file is never a candidate, in any mode, by its name alone; undefined where nothing built in speaks
 * against it.
 *
 * @param relativePath below the input directory, since that itself may lie below a hidden one
 */
export function exclusionOf(relativePath: BytePath): string | undefined {
  if (relativePath.startsWith('.') || relativePath.includes('/.'))
    return 'hidden: a name in its path begins with a dot';
  if (relativePath.endsWith('~')) return 'temporary: its name ends with ~';
  if (relativePath.endsWith(SIDECAR_SUFFIX)) return `sidecar: its name ends with ${SIDECAR_SUFFIX}`;
  const dot = relativePath.lastIndexOf('.');
  return dot === -1 ? undefined : REASONS.get(relativePath.slice(dot).toLowerCase());
}

/** Where hidden names are files like any other: those that this program gives while it works. */
export const ownNameIn = (relativePath: BytePath): string | undefined =>
  /(^|\/)\.wharfinger/.test(relativePath) ? 'a name of its own work' : undefined;
