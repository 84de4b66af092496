import { hasFingerprintOf } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfSeen, lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { type DecidedFile, type Ended, ended, type InFlight } from './custody.ts';

/** Whether a source is still the file that was decided, under its name and untouched. */
export function isUntouched({ row }: InFlight): boolean {
  const stats = lstatIfThere(row.source);
  return stats !== undefined && hasFingerprintOf(row, stats);
}

/** The same where the answer must not fail: false, too, where we may not look. */
export function isSeenUntouched({ row }: InFlight): boolean {
  const stats = lstatIfSeen(row.source);
  return stats !== undefined && hasFingerprintOf(row, stats);
}

/** The end of a file whose name is no longer the file that was decided, if so: to be asked right before it is moved. */
export function endOfTouched(file: Pick<DecidedFile, 'job' | 'route' | 'inFlight'>): Ended | undefined {
  const { inFlight } = file;
  const { source } = inFlight.row;
  if (isUntouched(inFlight)) return undefined;
  if (lstatIfThere(source) === undefined) return ended(file, { end: 'vanished' }, inFlight);
  const why = 'it changed after it was read';
  return ended(
    file,
    { end: 'candidate', waitsFor: 'stability', path: source, putBack: false, why },
    inFlight,
  );
}
