import { join } from 'node:path';
import { fromText } from '../fs/byte-path.ts';
import { makeDirectoryDurable } from '../fs/durable.ts';

/** What lies below the base of archives, beside the archives themselves: see docs/archives.md. */

/** Of staging archives, of all hosts. */
export const inboxOf = (base: string): string => join(base, 'inbox');

/** Of staging archives with something cut in them. */
export const damagedOf = (base: string): string => join(base, 'inbox', 'damaged');

/** Of what is no staging archive at all. */
export const quarantineOf = (base: string): string => join(base, 'inbox', 'quarantine');

/** Of the scavengers' leases, with all that they write before it is published. */
export const workOf = (base: string): string => join(base, '.wharfinger', 'work');

/** Of what full volumes hold. */
export const indexOf = (base: string): string => join(base, '.wharfinger', 'index');

/**
 * Makes one of these places, or a directory in one or of an archive, with all that is missing between it and the base; their names
 * are durable when it returns. The base itself is never made: it may be the mount point of a file system that is away. Idempotent.
 *
 * @throws as node:fs does: ENOENT where the base is missing, ENOTDIR, EACCES, ENOSPC, …
 */
export const makePlace = (base: string, directory: string): void =>
  makeDirectoryDurable(fromText(base), fromText(directory));
