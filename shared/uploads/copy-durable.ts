import { fsync } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf } from '../errors.ts';
import { type BytePath, dirname } from '../fs/byte-path.ts';
import { fsyncDirectory } from '../fs/durable.ts';
import { syncFileSystem } from '../linux/sync-file-system.ts';
import { refusal } from './copy-faults.ts';

const fsyncFile = promisify(fsync);

/** From this many files on, one syncfs costs less than an fsync of each. */
const SYNCFS_FROM = 4;

/** The content of files of one file system is durable when this returns. Throws as `refusal` says. */
export async function makeDurable(files: readonly { fd: number; path: BytePath }[]): Promise<void> {
  const [first] = files;
  if (first !== undefined && files.length >= SYNCFS_FROM && (await isSynced(first.fd))) return;
  for (const { fd, path } of files) {
    try {
      await fsyncFile(fd);
    } catch (error) {
      throw refusal(path, error);
    }
  }
}

/** False where it reports an error, which may be of any file there: then each is asked for itself. */
async function isSynced(fd: number): Promise<boolean> {
  try {
    await syncFileSystem(fd);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** Which of these names are there, and which are not, is durable when this returns. Throws as `refusal` says. */
export function makeNamesDurable(paths: readonly BytePath[]): void {
  for (const directory of new Set(paths.map(dirname))) {
    try {
      fsyncDirectory(directory);
    } catch (error) {
      // A directory that is gone by now was empty: whoever took the file on has seen to its new name.
      if (errnoOf(error) !== 'ENOENT') throw refusal(directory, error);
    }
  }
}
