import { closeSync, constants, fsyncSync, lstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { errnoOf } from '../errors.ts';
import { systemCallError } from '../linux/system-call-error.ts';
import { type BytePath, dirname, isWithin, toBytes, toText } from './byte-path.ts';

/**
 * Makes durable which names the directory holds. A file's own fsync does not do that: after a power cut its
 * data would be there under no name, and a name that was renamed or removed would be back.
 *
 * File systems that cannot do it for directories (cifs, some behind FUSE) say EINVAL: there it does nothing,
 * since nothing can be done.
 *
 * @throws as node:fs does: ENOENT, ENOTDIR, EIO, …
 */
export function fsyncDirectory(directory: BytePath): void {
  const fd = openSync(toBytes(directory), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'EINVAL' && errno !== 'ENOTSUP') throw error;
  } finally {
    closeSync(fd);
  }
}

const { ENOENT, ENOTDIR } = osConstants.errno;

/** A directory that somebody removes again and again while we make it is an error after so many times. */
const ATTEMPTS = 4;

/**
 * Makes `directory` and all that is missing between `root` and it; when it returns their names are durable.
 * `root` itself is never made: it may be the mount point of a file system that is away.
 *
 * Idempotent and safe to run from several processes at once. A directory that was there already is fsynced
 * into its parent as well, since whoever made it may be just about to, or may have died before.
 *
 * @param known what is known to be durable already; what was made is added. Removed ones in it are noticed
 * where something is missing below them.
 * @throws as node:fs does: ENOENT where `root` is missing, ENOTDIR where a component is not a directory,
 * ENOSPC, …
 */
export function makeDirectoryDurable(root: BytePath, directory: BytePath, known?: Set<BytePath>): void {
  if (!isWithin(root, directory)) throw new Error(`${toText(directory)} is not below ${toText(root)}`);
  for (let attempt = 1; ; attempt += 1) {
    try {
      for (const component of componentsOf(root, directory)) {
        if (known?.has(component)) continue;
        make(component);
        fsyncDirectory(dirname(component));
        known?.add(component);
      }
      return;
    } catch (error) {
      // A component was removed meanwhile, or is known and was removed long ago.
      if (errnoOf(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
      for (const component of componentsOf(root, directory)) known?.delete(component);
    }
  }
}

/** Each directory from the one in `root` down to `directory`. */
function componentsOf(root: BytePath, directory: BytePath): BytePath[] {
  const components: BytePath[] = [];
  for (let component = directory; component !== root; component = dirname(component))
    components.push(component);
  return components.reverse();
}

function make(directory: BytePath): void {
  const bytes = toBytes(directory);
  try {
    mkdirSync(bytes);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    // Without what a link leads to there may still be the link, or what was removed may be there again.
    const found = statSync(bytes, IF_THERE) ?? lstatSync(bytes, IF_THERE);
    if (found?.isDirectory()) return;
    throw systemCallError(found === undefined ? ENOENT : ENOTDIR, 'mkdir', directory);
  }
}

const IF_THERE = { throwIfNoEntry: false } as const;
