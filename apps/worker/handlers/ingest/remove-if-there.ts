import { unlinkSync } from 'node:fs';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, toBytes } from '../../../../shared/fs/byte-path.ts';

/** Unlinks a name, or sees that there is none. */
export function removeIfThere(path: BytePath): void {
  try {
    unlinkSync(toBytes(path));
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
  }
}
