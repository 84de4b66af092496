import { accessSync, constants, statSync } from 'node:fs';
import { onDirectory } from '../../../shared/config/directory-fault.ts';
import { EnvironmentError } from '../../../shared/errors.ts';
import { fromText, join, toBytes } from '../../../shared/fs/byte-path.ts';
import { prepareServer } from '../../../shared/uploads/prepare-server.ts';
import { serverPlace } from '../../../shared/uploads/server-places.ts';

const USABLE = constants.R_OK | constants.W_OK | constants.X_OK;

const HINT = 'give the one of `wharfinger serve` with --server-directory, or make it';

/** The server directory must be there; what a profile needs in it is made. Throws EnvironmentError. */
export function prepareCopy(serverDirectory: string, profile: string): void {
  onDirectory(serverDirectory, 'the server directory', HINT, () => {
    if (statSync(serverDirectory).isDirectory()) return;
    throw new EnvironmentError(`the server directory ${serverDirectory} is not a directory`, {
      code: 'directory.unusable',
      subject: serverDirectory,
      hint: HINT,
    });
  });
  // Who may only copy need not be able to use the others.
  if (!isReady(serverDirectory, profile)) prepareServer(serverDirectory, [profile]);
}

const isReady = (serverDirectory: string, profile: string): boolean =>
  (['incoming_tmp', 'incoming'] as const).every((place) => {
    const path = toBytes(join(serverPlace(fromText(serverDirectory), place), fromText(profile)));
    try {
      accessSync(path, USABLE);
      return statSync(path).isDirectory();
    } catch {
      // `prepareServer` meets the same, and can say what it means.
      return false;
    }
  });
