import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, isWithin, toText } from '../../../../shared/fs/byte-path.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { renameNoReplace } from '../../../../shared/linux/rename.ts';
import { copyAcross } from './copy-across.ts';
import { type DecidedFile, ended, type InFlight, type PlacedFile, type Step } from './custody.ts';
import { isOriginalItself, originalIsThere } from './original.ts';
import { withOtherName } from './other-name.ts';
import type { PlaceContext } from './place-context.ts';
import { nameTaken, placed } from './placed.ts';
import { putBack } from './put-back.ts';
import { takeAway } from './take-away.ts';
import { endOfTouched } from './touched.ts';
import { meddlingWith } from './watch-behind.ts';

/**
 * Brings one decided file, whose data is durable, where its row says: by rename, which is done when it returns, and where the kernel
 * says EXDEV by copy. The names that came and went are durable after `context.directories.sync()`, not before.
 *
 * What the place refuses (no space, no permission, …) is thrown with its errno; the row stays in flight, and recovery goes on
 * from whatever was done.
 */
export function placeFile(
  file: DecidedFile,
  context: PlaceContext,
): Step<PlacedFile> | Promise<Step<PlacedFile>> {
  const { type, row } = file.inFlight;
  if (!isLeft(file.inFlight) && isOriginalItself(file.inFlight))
    return ended(
      file,
      { end: 'failed', reason: 'it is itself the committed copy of its content' },
      file.inFlight,
    );
  if (row.destination !== undefined) return moveTo(file, row.destination, context);
  const touched = endOfTouched(file);
  if (touched !== undefined) return touched;
  return type === 'duplicate' && row.action === 'delete'
    ? deleteDuplicate(file, row.ledgerId, context)
    : placed(file);
}

function moveTo(
  file: DecidedFile,
  destination: BytePath,
  context: PlaceContext,
): Step<PlacedFile> | Promise<Step<PlacedFile>> {
  const { job, inFlight, fd } = file;
  context.directories.make(placeOf(file), destination);
  // Right before the rename: making directories durable can take long.
  context.fence.assertHeld(file);
  const touched = endOfTouched(file);
  if (touched !== undefined) return touched;
  try {
    renameNoReplace(job.key, destination);
  } catch (error) {
    switch (errnoOf(error)) {
      case 'EEXIST':
        return moveElsewhere(file, context);
      case 'EXDEV':
        return copyAcross(file, destination, context);
      case 'ENOENT':
        if (lstatIfThere(job.key) === undefined) return ended(file, { end: 'vanished' }, inFlight);
        context.directories.forget(destination);
        throw error;
      default:
        throw error;
    }
  }
  context.directories.touched(job.key);
  context.directories.touched(destination);
  context.crash.reach('place.renamed');
  const meddling = meddlingWith(fd, destination, inFlight);
  return meddling === undefined ? placed(file) : putBack(file, destination, meddling, context);
}

function moveElsewhere(
  file: DecidedFile,
  context: PlaceContext,
): Step<PlacedFile> | Promise<Step<PlacedFile>> {
  const renamed = withOtherName(file, context);
  const destination = renamed?.inFlight.row.destination;
  return renamed === undefined || destination === undefined
    ? nameTaken(file)
    : moveTo(renamed, destination, context);
}

/** The directory that a file goes below, never made, only used: it may be a mount point. */
export const placeOf = ({
  inFlight,
  route,
}: Pick<DecidedFile, 'route'> & { inFlight: InFlight }): BytePath =>
  inFlight.type === 'original' || isWithin(route.warehouse, route.duplicates)
    ? route.warehouse
    : route.duplicates;

const isLeft = ({ type, row }: InFlight): boolean => type === 'duplicate' && row.action === 'leave';

/** Only when the content is seen where the ledger says it is: what may be the last copy is never deleted. */
function deleteDuplicate(file: DecidedFile, ledgerId: number, context: PlaceContext): Step<PlacedFile> {
  if (originalIsThere(file.inFlight)) return takeAway(file, context) ?? placed(file);
  // Since it was decided on. It is decided on once more, and moved.
  if (context.store.isReleased(ledgerId)) return ended(file, { end: 'released' }, file.inFlight);
  return ended(file, { end: 'failed', reason: notDeleted(file.inFlight) }, file.inFlight);
}

function notDeleted(inFlight: InFlight): string {
  const where = inFlight.type === 'duplicate' ? toText(inFlight.original.destination) : '';
  return `a duplicate, but not deleted: its committed copy is not at ${where} with its size`;
}
