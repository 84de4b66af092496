import { statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import type { ArchiveBase } from '../bases.ts';

/** Why nothing can be said of the archives of a base at present, for a person; undefined where they can be looked at. */
export function whyAway({ path, marked }: Omit<ArchiveBase, 'id'>): string | undefined {
  try {
    const isThere = statSync(path).isDirectory();
    const hasMark = statSync(join(path, '.wharfinger'), { throwIfNoEntry: false }) !== undefined;
    return isThere && (hasMark || !marked)
      ? undefined
      : 'it has lost its .wharfinger, so its file system is not mounted';
  } catch (error) {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
    return error.message;
  }
}
