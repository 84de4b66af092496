import { fsync } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf } from '../../../../shared/errors.ts';
import { syncFileSystem } from '../../../../shared/linux/sync-file-system.ts';
import type { DecidedFile } from './custody.ts';

const fsyncFile = promisify(fsync);

/** From this many files of one file system on, one syncfs costs less than an fsync of each. */
const SYNCFS_FROM = 4;

/**
 * Makes the data of files durable under their old names, before any of them moves: a rename that reaches the disk before the data
 * would, after a power cut, leave an empty file where the ledger promises content.
 *
 * @returns the files whose data cannot be written to their disk, each with its errno error: their content may be lost there
 */
export async function makeDataDurable(files: readonly DecidedFile[]): Promise<Map<DecidedFile, unknown>> {
  const refused = new Map<DecidedFile, unknown>();
  const byDevice = Map.groupBy(files, ({ content }) => content.device);
  for (const group of byDevice.values()) {
    if (group.length >= SYNCFS_FROM && (await isSynced(group))) continue;
    await Promise.all(group.map((file) => fsyncOf(file, refused)));
  }
  return refused;
}

/** False where the file system reports an error, which may be of any file on it: then each is asked for itself. */
async function isSynced([first]: readonly DecidedFile[]): Promise<boolean> {
  if (first === undefined) return true;
  try {
    await syncFileSystem(first.fd);
    return true;
  } catch {
    return false;
  }
}

async function fsyncOf(file: DecidedFile, refused: Map<DecidedFile, unknown>): Promise<void> {
  try {
    await fsyncFile(file.fd);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    refused.set(file, error);
  }
}
