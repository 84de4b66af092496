import { closeSync, fstatSync, fsync, unlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, dirname, join, toBytes } from '../../../../shared/fs/byte-path.ts';
import { copyHashed, preserveAttributes } from '../../../../shared/fs/copy-file.ts';
import { fsyncDirectory } from '../../../../shared/fs/durable.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { renameNoReplace } from '../../../../shared/linux/rename.ts';
import { assertHeld } from '../../fence.ts';
import { type DecidedFile, type Ended, ended, type InFlight, type PlacedFile, type Step } from './custody.ts';
import { isPermission, isPlaceFault } from './faults.ts';
import { contentOfInFlight, withOtherName } from './other-name.ts';
import type { PlaceContext } from './place-context.ts';
import { nameTaken, placed } from './placed.ts';
import { removeIfThere } from './remove-if-there.ts';
import { discardCopy, tagOf, takeAway } from './take-away.ts';

/** In the directory of the destination, hidden, and from the row's number, so that recovery finds it. */
export const temporaryName = (inFlight: InFlight, destination: BytePath): BytePath =>
  join(dirname(destination), `.wharfinger-${tagOf(inFlight)}.tmp`);

/**
 * Placing across file systems: copy under a temporary name, publish by rename, then take the source away. At every moment one of
 * the two is whole and durable under a name that recovery knows.
 */
export async function copyAcross(
  file: DecidedFile,
  destination: BytePath,
  context: PlaceContext,
): Promise<Step<PlacedFile>> {
  const temporary = temporaryName(file.inFlight, destination);
  removeIfThere(temporary);
  const { fd, sha256 } = await copyHashed(file.fd, temporary, { signal: context.signal });
  try {
    const copied = await makeCopyDurable(file, { fd, sha256, temporary }, context);
    if ('outcome' in copied) return copied;
    const published = publish(file, { fd, temporary, destination }, context);
    if ('outcome' in published) return published;
    return finishCopy(published, context, copied.warnings);
  } catch (error) {
    removeOwn(fd, temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** What is left to do once the destination holds the content, durable: the source goes. */
export function finishCopy(
  file: DecidedFile,
  context: PlaceContext,
  warnings: readonly string[] = [],
): Step<PlacedFile> {
  try {
    return takeAway(file, context) ?? placed(file, warnings);
  } catch (error) {
    // The source cannot be removed, and will fail: no copy of it stays.
    const willFail = errnoOf(error) !== undefined && (isPermission(error) || !isPlaceFault(error));
    if (willFail) discardCopy(file, context);
    throw error;
  }
}

type Copy = { fd: number; temporary: BytePath; sha256: Buffer };

async function makeCopyDurable(
  file: DecidedFile,
  { fd, sha256, temporary }: Copy,
  { crash }: PlaceContext,
): Promise<Ended | { warnings: readonly string[] }> {
  crash.reach('copy.temporary-created');
  if (!sha256.equals(contentOfInFlight(file.inFlight))) {
    removeOwn(fd, temporary);
    return changedMeanwhile(file);
  }
  const warnings = preserveAttributes(file.fd, fd, fstatSync(file.fd, { bigint: true }));
  await promisify(fsync)(fd);
  crash.reach('copy.temporary-durable');
  return { warnings };
}

const changedMeanwhile = (file: DecidedFile): Ended => {
  const why = 'it changed while it was copied';
  const outcome = {
    end: 'candidate',
    waitsFor: 'stability',
    path: file.job.key,
    putBack: false,
    why,
  } as const;
  return ended(file, outcome, file.inFlight);
};

type Publication = { fd: number; temporary: BytePath; destination: BytePath };

/** Gives the copy its name, or another where that is taken. @returns the file with the destination it has got */
function publish(file: DecidedFile, publication: Publication, context: PlaceContext): Step<DecidedFile> {
  const { fd, temporary, destination } = publication;
  assertHeld(file, context);
  // Another state file that uses this warehouse may have a row of the same number.
  if (!isSameFile(fd, temporary)) return ended(file, { end: 'released' });
  try {
    renameNoReplace(temporary, destination);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const renamed = withOtherName(file, context);
    const other = renamed?.inFlight.row.destination;
    if (renamed !== undefined && other !== undefined)
      return publish(renamed, { ...publication, destination: other }, context);
    removeOwn(fd, temporary);
    return nameTaken(file);
  }
  fsyncDirectory(dirname(destination));
  context.crash.reach('copy.renamed');
  return file;
}

/** Unlinks the copy, but not what another holder may have put under its name. */
function removeOwn(fd: number, temporary: BytePath): void {
  if (isSameFile(fd, temporary)) unlinkSync(toBytes(temporary));
}

function isSameFile(fd: number, path: BytePath): boolean {
  const [opened, named] = [fstatSync(fd, { bigint: true }), lstatIfThere(path)];
  return named !== undefined && named.dev === opened.dev && named.ino === opened.ino;
}
