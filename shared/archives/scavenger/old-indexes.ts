import { readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { fromText } from '../../fs/byte-path.ts';
import { lstatIfThere } from '../../fs/lstat.ts';
import { indexOf } from '../places.ts';
import { beside, nameOf } from '../volumes/archive-name.ts';
import { volumeName } from '../volumes/volume-name.ts';
import type { Breath } from './breath.ts';

/**
 * Removes the indexes of volumes that are gone: archives are taken out of the base when somebody is done with them. One that is removed by mistake,
 * since its volume was not to be seen, is made anew; so what fails here is left.
 *
 * A look at each full volume: it is asked for where an index was made, and costs little beside what that one holds.
 */
export const removeOldIndexes = (base: string, breath: Breath): Promise<void> =>
  sweep({ base, breath }, indexOf(base), '');

async function sweep(
  { base, breath }: { base: string; breath: Breath },
  directory: string,
  below: string,
): Promise<void> {
  for (const name of quietly(() => readdirSync(directory)) ?? []) {
    if (breath.isDue) await breath.take();
    const path = join(directory, name);
    const number = /^([1-9]\d{0,8})\.idx$/.exec(name)?.[1];
    if (number === undefined) {
      const stats = quietly(() => lstatIfThere(fromText(path)));
      if (stats?.isDirectory() === true) await sweep({ base, breath }, path, join(below, name));
    } else if (
      /\.zip$/i.test(below) &&
      isGone(join(base, beside(below, volumeName(nameOf(below), Number(number)))))
    )
      quietly(() => unlinkSync(path));
  }
  // Only goes where it is empty.
  if (below !== '') quietly(() => rmdirSync(directory));
}

const isGone = (volume: string): boolean =>
  quietly(() => lstatIfThere(fromText(volume)) === undefined) ?? false;

/** Undefined where the file system refuses. */
function quietly<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
