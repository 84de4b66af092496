import { toText } from '../../../../shared/fs/byte-path.ts';
import { type DecidedFile, type Ended, ended, type PlacedFile } from './custody.ts';

/** The end of a successful placing. */
export const placed = (
  { job, route, inFlight, sidecar }: DecidedFile,
  warnings: readonly string[] = [],
): PlacedFile => ({ job, route, inFlight, sidecar, warnings });

/** The end where every name that the file could get is taken. */
export function nameTaken(file: DecidedFile): Ended {
  const last = toText(file.inFlight.row.destination ?? file.job.key);
  return ended(
    file,
    { end: 'failed', reason: `every name it could get is taken, up to ${last}` },
    file.inFlight,
  );
}
