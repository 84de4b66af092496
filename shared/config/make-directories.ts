import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../errors.ts';
import { fromText } from '../fs/byte-path.ts';
import { fsyncDirectory } from '../fs/durable.ts';

/**
 * Makes `directory` with all that is missing above it, durable when it returns: a warehouse whose own name is lost in a power
 * cut takes with it the files whose sources are gone. Idempotent and safe to run from several processes at once: a directory that
 * is there already is made durable too, since whoever made it may be just about to.
 *
 * @throws as node:fs does: EACCES, ENOSPC, ENOTDIR, …; EEXIST where it is a file
 */
export function makeDirectories(directory: string): void {
  const firstMade = mkdirSync(directory, { recursive: true }) ?? directory;
  for (let made = directory; made.length >= firstMade.length && made !== '/'; made = dirname(made)) {
    syncNames(dirname(made));
  }
}

function syncNames(parent: string): void {
  try {
    fsyncDirectory(fromText(parent));
  } catch (error) {
    // A parent that we may enter but not read cannot be opened for it; it is then not ours, and seldom new.
    if (errnoOf(error) !== 'EACCES') throw error;
  }
}
