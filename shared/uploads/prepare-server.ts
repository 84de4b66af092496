import { accessSync, constants, rmSync, writeFileSync } from 'node:fs';
import { onDirectory } from '../config/directory-fault.ts';
import { makeDirectories } from '../config/make-directories.ts';
import { EnvironmentError, errnoOf } from '../errors.ts';
import { type BytePath, fromText, join, toBytes, toText } from '../fs/byte-path.ts';
import { renameNoReplace } from '../linux/rename.ts';
import { SERVER_PLACES, serverPlace } from './server-places.ts';

const USABLE = constants.R_OK | constants.W_OK | constants.X_OK;

/**
 * Makes the five directories of a server directory, and in each one for every profile, durable when it returns. Idempotent, and safe to
 * run from several processes at once.
 *
 * @throws EnvironmentError where one cannot be made or used, or where they are not all on one file system: a file could not be moved
 * from one to the next at once
 */
export function prepareServer(serverDirectory: string, profiles: readonly string[]): void {
  const directory = fromText(serverDirectory);
  const hint = 'give another with --server-directory';
  for (const place of SERVER_PLACES) {
    for (const path of [
      serverPlace(directory, place),
      ...profiles.map((profile) => join(serverPlace(directory, place), fromText(profile))),
    ]) {
      onDirectory(toText(path), 'the directory', hint, () => {
        makeDirectories(toText(path));
        accessSync(toBytes(path), USABLE);
      });
    }
  }
  const [first, ...others] = SERVER_PLACES.map((place) => serverPlace(directory, place));
  if (first !== undefined) for (const other of others) refuseOtherFileSystem(first, other);
}

/** Tried, since two mounts of one file system have one device number and still are two. */
function refuseOtherFileSystem(from: BytePath, to: BytePath): void {
  const probe = (directory: BytePath) => join(directory, `.wharfinger-${process.pid}.probe`);
  writeFileSync(toBytes(probe(from)), '');
  try {
    renameNoReplace(probe(from), probe(to));
    rmSync(toBytes(probe(to)), { force: true });
  } catch (error) {
    rmSync(toBytes(probe(from)), { force: true });
    if (errnoOf(error) !== 'EXDEV') throw error;
    throw new EnvironmentError(`${toText(from)} and ${toText(to)} are on different file systems`, {
      code: 'server.file-systems',
      op: 'rename',
      subject: toText(to),
      hint: 'files move from one to the other at once: put all of the server directory on one file system',
    });
  }
}
