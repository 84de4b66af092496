import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import type { InFlight } from './custody.ts';
import { isDecidedInode } from './watch-behind.ts';

/** Whether the committed copy of a duplicate is where the ledger says, with its size. */
export function originalIsThere(inFlight: InFlight): boolean {
  if (inFlight.type !== 'duplicate') return true;
  const { destination, sizeBytes } = inFlight.original;
  const committed = lstatIfThere(destination);
  return committed?.isFile() === true && committed.size === BigInt(sizeBytes);
}

/**
 * Whether a duplicate is the committed copy itself, found in a directory of committed files that has become an input, also by another
 * path to it. A second hard link of it is not.
 */
export function isOriginalItself(inFlight: InFlight): boolean {
  if (inFlight.type !== 'duplicate') return false;
  const { row, original } = inFlight;
  const committed = lstatIfThere(original.destination);
  if (!isDecidedInode(committed, inFlight)) return false;
  return original.destination === row.source || committed?.nlink === 1n;
}
