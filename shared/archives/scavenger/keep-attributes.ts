import { fchmodSync, fchownSync, fstatSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { copyXattrs } from '../../linux/xattr.ts';

/** Not ours to set, or not to be had on this file system. */
const REFUSALS: ReadonlySet<string> = new Set([
  'EPERM',
  'EACCES',
  'EINVAL',
  'ENOTSUP',
  'ENOSYS',
  'EDQUOT',
  'EOVERFLOW',
]);

/** What chown leaves as it is. */
const UNCHANGED = -1;
const MODE_BITS = 0o777;

/**
 * Gives the file that replaces another its owner, mode and extended attributes, as far as permitted. Not its times: what it holds is
 * new.
 *
 * @throws as node:fs does where it is not about permission
 */
export function keepAttributes(fromFd: number, toFd: number): void {
  const { uid, gid, mode } = fstatSync(fromFd);
  if (!permitted(() => fchownSync(toFd, uid, gid))) permitted(() => fchownSync(toFd, UNCHANGED, gid));
  // After the owner, and before the attributes, since an ACL goes with the mode.
  permitted(() => fchmodSync(toFd, mode & MODE_BITS));
  copyXattrs(fromFd, toFd);
}

function permitted(change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (!REFUSALS.has(errnoOf(error) ?? '')) throw error;
    return false;
  }
}
