import { readlinkSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../../../../shared/errors.ts';
import {
  type BytePath,
  basename,
  dirname,
  fromBytes,
  join,
  toBytes,
} from '../../../../shared/fs/byte-path.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { renameNoReplace } from '../../../../shared/linux/rename.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { assertHeld } from '../../fence.ts';
import { type DecidedFile, type Ended, ended, type InFlight } from './custody.ts';
import { originalIsThere } from './original.ts';
import type { PlaceContext } from './place-context.ts';
import { putBack } from './put-back.ts';
import { removeIfThere } from './remove-if-there.ts';
import { endOfTouched } from './touched.ts';
import { isDecidedInode, meddlingWith } from './watch-behind.ts';

/** Hidden, so that no scan takes it, and from the row's number, so that recovery finds it. */
export const steppedAsideName = ({ type, row }: InFlight): BytePath =>
  join(dirname(row.source), `.wharfinger-${tagOf({ type, row } as InFlight)}.src`);

/** Names a row in names of files: the two tables count for themselves. */
export const tagOf = ({ type, row }: InFlight): string => (type === 'original' ? `${row.id}` : `d${row.id}`);

/**
 * Removes a source whose content is safe elsewhere. Unlinking it by its name could hit a file that took the name a moment before, or
 * lose what a writer still adds: so it steps aside to a hidden name first, where nobody can open it, is looked at once more, and
 * only then goes. Where somebody got in between, its copy goes instead, and before it is put back: after a crash
 * between the two a copy would look like custody taken.
 *
 * @returns undefined when it is gone, or how its way ended
 */
export function takeAway(file: DecidedFile, context: PlaceContext): Ended | undefined {
  const { inFlight, fd } = file;
  const name = steppedAsideName(inFlight);
  const touched = lstatIfThere(name) === undefined ? stepAside(file, name, context) : undefined;
  if (touched !== undefined) {
    discardCopy(file, context);
    return touched;
  }
  const aside = followed(file, name);
  context.directories.touched(aside);
  const meddling = meddlingWith(fd, aside, inFlight);
  if (meddling !== undefined) {
    discardCopy(file, context);
    return putBack(file, aside, meddling, context);
  }
  // Once more, now that it has another name: by some other path it may have been the committed copy itself.
  if (inFlight.row.destination === undefined && !originalIsThere(inFlight))
    return putBack(file, aside, { waitsFor: 'stability', why: 'its committed copy is gone' }, context);
  assertHeld(file, context);
  unlinkSync(toBytes(aside));
  context.crash.reach('copy.unlinked');
  return undefined;
}

/** @returns its end where the name is no longer the file that was decided; then nothing was moved */
function stepAside(file: DecidedFile, aside: BytePath, context: PlaceContext): Ended | undefined {
  assertHeld(file, context);
  const touched = endOfTouched(file);
  if (touched !== undefined) return touched;
  try {
    renameNoReplace(file.job.key, aside);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return ended(file, { end: 'vanished' }, file.inFlight);
  }
  context.crash.reach('copy.stepped-aside');
  return undefined;
}

/**
 * Where a file that stepped aside is now: somebody may have renamed its directory since. Without this it would seem to be gone, and
 * would lie there under its hidden name for good.
 */
function followed({ fd, inFlight }: DecidedFile, aside: BytePath): BytePath {
  if (isDecidedInode(lstatIfThere(aside), inFlight)) return aside;
  const path = fromBytes(readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }));
  const isIt = basename(path) === basename(aside) && isDecidedInode(lstatIfThere(path), inFlight);
  return isIt ? path : aside;
}

/**
 * Removes the copy of a file that is not taken after all. Under the write lock: a holder whose lease has ended would otherwise remove
 * what another one has committed by then.
 */
export function discardCopy(file: DecidedFile, context: PlaceContext): void {
  const { destination } = file.inFlight.row;
  if (destination === undefined) return;
  writeTransaction(context.store.state, () => {
    assertHeld(file, context);
    removeIfThere(destination);
  });
  context.directories.touched(destination);
}
