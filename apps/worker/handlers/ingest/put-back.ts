import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, dirname } from '../../../../shared/fs/byte-path.ts';
import { makeDirectoryDurable } from '../../../../shared/fs/durable.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { withContentSuffix } from '../../../../shared/ledger/destination.ts';
import { renameNoReplace } from '../../../../shared/linux/rename.ts';
import { assertHeld } from '../../fence.ts';
import { type Accepted, type Ended, ended, type InFlight } from './custody.ts';
import { contentOfInFlight } from './other-name.ts';
import type { PlaceContext } from './place-context.ts';
import type { Meddling } from './watch-behind.ts';

/** What is to be put back, open or not. */
export type InCustody = Accepted & { inFlight: InFlight };

/**
 * Moves a file from where it was taken to back to its name, or, where that is taken by now, to one beside it. The file becomes
 * a candidate again and its row is withdrawn, after the directories are durable.
 */
export function putBack(
  file: InCustody,
  from: BytePath,
  { waitsFor, why }: Meddling,
  context: PlaceContext,
): Ended {
  const path = returnToName(file, from, context);
  if (path === undefined) return ended(file, { end: 'vanished' }, file.inFlight);
  return ended(file, { end: 'candidate', waitsFor, path, putBack: true, why }, file.inFlight);
}

/** @returns the name it has got, or undefined where somebody took it away from `from` */
export function returnToName(file: InCustody, from: BytePath, context: PlaceContext): BytePath | undefined {
  const { job, inFlight, route } = file;
  const sha256 = contentOfInFlight(inFlight);
  const names = [
    job.key,
    withContentSuffix(job.key, sha256),
    withContentSuffix(job.key, sha256, inFlight.row.id),
  ];
  assertHeld(file, context);
  for (let attempt = 0; ; ) {
    const name = names[attempt] ?? job.key;
    try {
      renameNoReplace(from, name);
      context.directories.touched(from);
      context.directories.touched(name);
      context.crash.reach('put-back.returned');
      return name;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT' && lstatIfThere(from) === undefined) return undefined;
      // Its directory was removed when it seemed to be empty.
      if (errno === 'ENOENT' && lstatIfThere(dirname(name)) === undefined)
        makeDirectoryDurable(route.input, dirname(name));
      else if (errno === 'EEXIST' && attempt < names.length - 1) attempt += 1;
      else throw error;
    }
  }
}
