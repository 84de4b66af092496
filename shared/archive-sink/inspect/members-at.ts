import { realpathSync } from 'node:fs';
import { archivePathIn } from '../../archives/archive-path.ts';
import type { ArchivePath } from '../../archives/contract.ts';
import { errnoOf } from '../../errors.ts';
import { type BytePath, fromText, isUtf8, isWithin, relativeTo, toText } from '../../fs/byte-path.ts';
import type { ArchiveBase } from '../bases.ts';

/**
 * Which members of archives a path may be the name of: `BASE/ARCHIVE.zip/MEMBER` of one, the base by the name that it has in the settings or
 * without symbolic links, and `ARCHIVE.zip/MEMBER` of any.
 *
 * @param named what is below any base
 */
export function membersAt(
  bases: readonly ArchiveBase[],
  { path, member: named }: { path: BytePath; member?: ArchivePath },
): { baseId: number; to: ArchivePath }[] {
  return bases.flatMap(({ id: baseId, path: base }) => {
    const below = memberBelow(base, path) ?? memberBelow(realPathOf(base), path);
    return [below, named].flatMap((to) => (to === undefined ? [] : [{ baseId, to }]));
  });
}

function memberBelow(base: string, path: BytePath): ArchivePath | undefined {
  const directory = fromText(base);
  if (!isWithin(directory, path) || !isUtf8(path)) return undefined;
  return archivePathIn(toText(relativeTo(directory, path)));
}

/** As it is where it is not there, or cannot be looked at. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return path;
  }
}
