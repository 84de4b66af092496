import type { ArchiveSet, Found } from '../archives/volumes/archive-set.ts';
import { wanted } from '../archives/volumes/volume.ts';
import { dataOffsetOf } from '../archives/zip/read-directory.ts';
import { contentHash } from '../archives/zip/read-member.ts';
import { ZipFault } from '../archives/zip/zip-fault.ts';

/**
 * Reads a member that was found in an archive, and compares it.
 *
 * @returns what is wrong with it; undefined where its bytes are those of the hash
 * @throws as node:fs does
 */
export async function faultOfStored(
  set: ArchiveSet,
  { volume, storedAs }: Found,
  sha256: Buffer,
): Promise<string | undefined> {
  const found = set.namesakes([wanted(storedAs)]).get(storedAs) ?? [];
  let fault = 'it is not there any more';
  // A zip may hold a name twice.
  for (const { volume: holder, entry } of found) {
    if (holder.path !== volume) continue;
    const fd = holder.open();
    try {
      const hash = await contentHash(fd, { ...entry, dataOffset: dataOffsetOf(fd, entry) });
      if (hash.equals(sha256)) return undefined;
      fault = `its content has the SHA-256 ${hash.toString('hex')}`;
    } catch (error) {
      if (!(error instanceof ZipFault)) throw error;
      fault = `it ${error.message}`;
    }
  }
  return fault;
}
