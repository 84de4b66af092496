import { errnoOf } from '../../../shared/errors.ts';
import type { BytePath } from '../../../shared/fs/byte-path.ts';
import { lstatIfThere } from '../../../shared/fs/lstat.ts';

/** Whether nothing has this name. What cannot be looked at may be there. */
export function isGone(path: BytePath): boolean {
  try {
    return lstatIfThere(path) === undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
