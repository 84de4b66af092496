import { type BigIntStats, fchmodSync, fchownSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { setTimes } from '../linux/set-times.ts';
import { copyXattrs } from '../linux/xattr.ts';

/** Not ours to set, or not to be had on the target's file system. */
const REFUSALS: ReadonlySet<string> = new Set([
  'EPERM',
  'EACCES',
  'EINVAL',
  'ENOTSUP',
  'ENOSYS',
  'EDQUOT',
  'EOVERFLOW',
]);

const SET_ID_BITS = 0o6000n;
const MODE_BITS = 0o7777n;

/**
 * Gives a copy the owner, mode, extended attributes and times of its source, as far as permitted. A file that
 * could not be given its owner is not given the bits to run as one either.
 *
 * @param stats of the source
 * @returns what was refused: `owner`, `group`, `mode`, `times`, and attributes by their names; empty where
 * the copy is equal
 * @throws as node:fs does where it is not about permission, as with EIO
 */
export function preserveAttributes(sourceFd: number, targetFd: number, stats: BigIntStats): string[] {
  const refused = preserveOwner(targetFd, stats);
  // After the owner, whose change clears these bits, and before the attributes, since an ACL goes with the mode.
  const mode = stats.mode & MODE_BITS & (refused.length === 0 ? MODE_BITS : ~SET_ID_BITS);
  if (!permitted(() => fchmodSync(targetFd, Number(mode)))) refused.push('mode');
  refused.push(...copyXattrs(sourceFd, targetFd));
  // Last: all else may change them.
  if (!permitted(() => setTimes(targetFd, stats))) refused.push('times');
  return refused;
}

/** The group may be permitted where the owner is not. */
function preserveOwner(fd: number, stats: BigIntStats): string[] {
  const [uid, gid] = [Number(stats.uid), Number(stats.gid)];
  if (permitted(() => fchownSync(fd, uid, gid))) return [];
  return permitted(() => fchownSync(fd, UNCHANGED, gid)) ? ['owner'] : ['owner', 'group'];
}

/** What chown leaves as it is. */
const UNCHANGED = -1;

function permitted(change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (!REFUSALS.has(errnoOf(error) ?? '')) throw error;
    return false;
  }
}
