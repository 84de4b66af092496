import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePlace } from '../places.ts';
import { encodeIndex } from '../volumes/index-file.ts';
import { indexPathOf, type Volume } from '../volumes/volume.ts';
import type { Breath } from './breath.ts';
import type { ScavengerLease } from './lease.ts';

/**
 * Makes the index of a volume, in memory, and for one that is `full` in its file. Not durable when it returns: what a power cut leaves of it
 * has another CRC than it says, and is made anew.
 *
 * @throws ZipFault where the directory of the volume is no good; LeaseLostError; as node:fs does
 */
export async function makeIndex(
  volume: Volume,
  { base, archive, isFull }: { base: string; archive: string; isFull: boolean },
  lease: ScavengerLease,
  breath: Breath,
): Promise<void> {
  const records = await breath.through(volume.makeIndex());
  if (!isFull) return;
  const target = indexPathOf(base, archive, volume.number);
  const file = join(lease.directory, 'volume.idx');
  try {
    makePlace(base, dirname(target));
    writeFileSync(file, encodeIndex(records, volume.facts, volume.end));
    renameSync(file, target);
  } catch (error) {
    throw lease.explain(error);
  }
}
