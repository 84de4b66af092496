import type { Format } from './format.ts';

/** What a suffix becomes; in lower case. The longer ones first, where one ends like another. */
const SUFFIXES: Record<Format, readonly (readonly [suffix: string, becomes: string])[]> = {
  gzip: [
    ['.tgz', '.tar'],
    ['.taz', '.tar'],
    ['.svgz', '.svg'],
    ['.gzip', ''],
    ['.gz', ''],
    ['.z', ''],
  ],
  zstd: [
    ['.tzst', '.tar'],
    ['.zstd', ''],
    ['.zst', ''],
  ],
  bzip2: [
    ['.tbz2', '.tar'],
    ['.tbz', '.tar'],
    ['.tb2', '.tar'],
    ['.tz2', '.tar'],
    ['.bzip2', ''],
    ['.bz2', ''],
    ['.bz', ''],
  ],
  xz: [
    ['.txz', '.tar'],
    ['.xz', ''],
  ],
  zip: [['.zip', '']],
  none: [],
};

/**
 * The name of a file's content: without the suffix that tells of its compression, in upper or lower case. Only the
 * suffixes of the format that the content has count, and only one is taken. A name of which nothing would be left,
 * also below its last slash, stays as it is.
 */
export function nameWithout(format: Format, name: string): string {
  const lower = name.toLowerCase();
  for (const [suffix, becomes] of SUFFIXES[format]) {
    if (!lower.endsWith(suffix)) continue;
    // A character may have another length in lower case: the suffixes have none of those.
    const stem = name.slice(0, name.length - suffix.length);
    return stem === '' || stem.endsWith('/') ? name : stem + becomes;
  }
  return name;
}
