import { LeaseLostError } from '../../../../shared/errors.ts';
import { type BytePath, relativeTo } from '../../../../shared/fs/byte-path.ts';
import { destinationOf, withContentSuffix } from '../../../../shared/ledger/destination.ts';
import type { DecidedFile, InFlight } from './custody.ts';
import type { PlaceContext } from './place-context.ts';

export const contentOfInFlight = (inFlight: InFlight): Buffer =>
  inFlight.type === 'original' ? inFlight.row.sha256 : inFlight.original.sha256;

/**
 * The file with its next destination, the one it had being taken by something that is not ours: first
 * `name.<8 hex of sha256>.ext`, then one with the number of its row. It is on record before it is used.
 *
 * @returns undefined where every name is taken
 */
export function withOtherName<T extends DecidedFile>(file: T, { store, crash }: PlaceContext): T | undefined {
  const { inFlight, job } = file;
  for (const destination of laterNames(file)) {
    if (store.moveDestination(inFlight, destination, job.lease.token)) {
      crash.reach('place.destination-moved');
      return { ...file, inFlight: movedTo(inFlight, destination) };
    }
    if (!store.settlements.holds(job.id, job.lease.token)) throw new LeaseLostError(job.lease.token);
  }
  return undefined;
}

/** The names that are tried after the present one. */
function laterNames({ inFlight, route }: DecidedFile): BytePath[] {
  const { id, source, destination, decidedMs } = inFlight.row;
  const root = inFlight.type === 'original' ? route.warehouse : route.duplicates;
  const natural = destinationOf(root, decidedMs, relativeTo(route.input, source));
  const sha256 = contentOfInFlight(inFlight);
  const names = [natural, withContentSuffix(natural, sha256), withContentSuffix(natural, sha256, id)];
  return names.slice(names.indexOf(destination ?? natural) + 1);
}

const movedTo = (inFlight: InFlight, destination: BytePath): InFlight =>
  inFlight.type === 'original'
    ? { ...inFlight, row: { ...inFlight.row, destination } }
    : { ...inFlight, row: { ...inFlight.row, destination } };
