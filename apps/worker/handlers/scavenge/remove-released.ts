import { unlinkSync } from 'node:fs';
import type { Release } from '../../../../shared/archive-sink/releases.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, dirname, join, toBytes } from '../../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { withContentSuffix } from '../../../../shared/ledger/destination.ts';
import { renameNoReplace } from '../../../../shared/linux/rename.ts';
import { isStill } from './very-file.ts';

/** Hidden, so that no scan takes it, and from the row's number, so that who comes after a crash finds it. */
export const asideName = ({ id, path }: Pick<Release, 'id' | 'path'>): BytePath =>
  join(dirname(path), `.wharfinger-a${id}.src`);

/**
 * Removes a file from the warehouse that is decided on. Unlinking it by its name could hit another one that took the name a moment before: so it
 * steps aside, is looked at once more, and only then goes. What is not it gets its name back. Goes on from wherever a holder died.
 *
 * @param assertHeld asked before each change
 * @returns `kept` where the file is another by now; durable once its directory is
 * @throws as node:fs does
 */
export function removeReleased(release: Release, assertHeld: () => void): 'removed' | 'kept' {
  const { path, fingerprint } = release;
  const aside = asideName(release);
  if (lstatIfThere(aside) === undefined) {
    const stats = lstatIfThere(path);
    if (stats === undefined) return 'removed';
    if (fingerprintOf(stats) !== fingerprint) return 'kept';
    assertHeld();
    if (!stepAside(path, aside)) return 'removed';
  }
  assertHeld();
  if (isStill(lstatIfThere(aside), fingerprint)) {
    unlinkSync(toBytes(aside));
    return 'removed';
  }
  giveBack(aside, release);
  return 'kept';
}

/** @returns false where somebody took it away */
function stepAside(path: BytePath, aside: BytePath): boolean {
  try {
    renameNoReplace(path, aside);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Never over another file: where its name is taken by now, it gets one beside it. */
function giveBack(aside: BytePath, { path, sha256, id }: Release): void {
  try {
    renameNoReplace(aside, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    renameNoReplace(aside, withContentSuffix(path, sha256, id));
  }
}
