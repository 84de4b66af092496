import { accessSync, constants } from 'node:fs';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, dirname, isWithin, toBytes } from '../../../../shared/fs/byte-path.ts';
import { type Accepted, type Ended, ended, type InFlight } from './custody.ts';
import { isPermission, isPlaceFault, meaningOf } from './faults.ts';
import { placeOf } from './place.ts';
import type { PlaceHealth } from './place-health.ts';
import { isSeenUntouched } from './touched.ts';

/**
 * The end of a file that the system refused to place. A fault of the place delays it, uncharged, until the place works again; its row
 * stays in flight, and says how far it came. A fault of the file (its name, its own directory's permissions) fails it, and where
 * it lies untouched under its name nothing of the decision stays.
 */
export function endOfRefusal(file: Accepted, inFlight: InFlight, error: unknown, health: PlaceHealth): Ended {
  const { route } = file;
  if (!isPlaceFault(error)) return failed(file, inFlight, `it cannot be placed: ${meaningOf(error)}`);
  const place = placeOf({ route, inFlight });
  const { destination, source } = inFlight.row;
  const destinationRefuses =
    destination === undefined ? undefined : refusalToWrite(place, dirname(destination));
  if (isPermission(error) && destinationRefuses === undefined)
    return failed(file, inFlight, `it cannot be taken out of its directory: ${meaningOf(error)}`);
  const isOfInput = errnoOf(error) === 'EROFS' && refusalToWrite(route.input, dirname(source)) === 'EROFS';
  return delayedBy(isOfInput ? route.input : place, file, error, health);
}

/** Nothing is wrong with the file: it is tried again when its place may work again. */
export function delayedBy(place: BytePath, file: Accepted, error: unknown, health: PlaceHealth): Ended {
  const { reason, untilMs } = health.refused(place, file.route, error);
  return ended(file, { end: 'delayed', reason, runAtMs: untilMs, charged: false });
}

export const failed = (file: Accepted, inFlight: InFlight, reason: string): Ended =>
  ended(file, { end: 'failed', reason }, isSeenUntouched(inFlight) ? inFlight : undefined);

/** The errno with which a directory refuses to be written to; asked of the nearest one that is there. */
function refusalToWrite(root: BytePath, directory: BytePath): string | undefined {
  try {
    accessSync(toBytes(directory), constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    const isMissing = errno === 'ENOENT' && directory !== root && isWithin(root, directory);
    return isMissing ? refusalToWrite(root, dirname(directory)) : errno;
  }
}
