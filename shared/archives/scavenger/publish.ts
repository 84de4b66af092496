import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { fromText } from '../../fs/byte-path.ts';
import { renameNoReplace } from '../../linux/rename.ts';
import type { ArchiveCrashPoints } from '../contract.ts';
import { syncDirectory } from '../staging/file-calls.ts';
import { directoryOf } from '../volumes/archive-name.ts';
import { volumeChanged } from '../volumes/volume.ts';
import { directoryCalls } from './directory-calls.ts';
import type { ScavengerLease } from './lease.ts';
import type { NextVolume } from './volume-writer.ts';

/**
 * Gives a finished volume its name: a reader finds the one before or this one, and nothing between. When it returns the name is durable.
 *
 * Whoever lost the lease meanwhile finds no file to rename.
 *
 * @param file in the lease's directory, durable
 * @throws LeaseLostError; EnvironmentError `archive.changed` where somebody changed the volume since it was read, or took a
 * new one's name; as node:fs does
 */
export async function publish(
  file: string,
  { base, path, previous, archive }: NextVolume,
  lease: ScavengerLease,
  crash: ArchiveCrashPoints,
): Promise<void> {
  const target = join(base, path);
  lease.check();
  if (previous !== undefined && !previous.isStillThere()) throw volumeChanged(path);
  crash.reach('scavenge.before-rename');
  try {
    if (previous === undefined) renameNoReplace(fromText(file), fromText(target));
    else renameSync(file, target);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw volumeChanged(path);
    throw lease.explain(error);
  }
  crash.reach('scavenge.renamed');
  await syncDirectory(directoryCalls, join(base, directoryOf(archive)));
  crash.reach('scavenge.published');
}
