import { accessSync, constants } from 'node:fs';
import { onDirectory } from '../config/directory-fault.ts';
import { makeDirectories } from '../config/make-directories.ts';
import { refuseOtherFileSystem } from '../config/same-file-system.ts';
import { fromText, join, toBytes, toText } from '../fs/byte-path.ts';
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
  const [first, ...others] = SERVER_PLACES.map((place) => toText(serverPlace(directory, place)));
  if (first !== undefined) for (const other of others) refuseOtherFileSystem(first, other, OTHER_FILE_SYSTEM);
}

const OTHER_FILE_SYSTEM = {
  code: 'server.file-systems',
  hint: 'files move from one to the other at once: put all of the server directory on one file system',
};
