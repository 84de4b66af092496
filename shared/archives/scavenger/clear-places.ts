import { type BytePath, fromText } from '../../fs/byte-path.ts';
import { lstatIfThere } from '../../fs/lstat.ts';
import { renameNoReplace } from '../../linux/rename.ts';
import { damagedOf, quarantineOf } from '../places.ts';
import { assertOfOneFile } from './faults.ts';

const MOST_TRIES = 99;

/**
 * Gives what stands where `inbox/damaged/` or `inbox/quarantine/` should be another name in the inbox: there it is found as what it is, something
 * that no writer has made. It may be a link by which somebody would have us write elsewhere. What may not be renamed stays, and nothing is
 * set aside until it is gone.
 *
 * @throws as node:fs does where it is not about that one name
 */
export function clearPlaces(base: string): void {
  for (const place of [damagedOf(base), quarantineOf(base)].map(fromText)) {
    try {
      const stats = lstatIfThere(place);
      if (stats !== undefined && !stats.isDirectory()) renameNoReplace(place, freeNameFor(place));
    } catch (error) {
      assertOfOneFile(base, error);
    }
  }
}

/** The last one where all are taken: then it stays. */
function freeNameFor(place: BytePath): BytePath {
  let name = place;
  for (let number = 1; number <= MOST_TRIES; number += 1) {
    name = `${place}.not-a-directory.${number}` as BytePath;
    if (lstatIfThere(name) === undefined) break;
  }
  return name;
}
