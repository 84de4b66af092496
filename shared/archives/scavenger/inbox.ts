import { readdir } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errnoOf } from '../../errors.ts';
import { basename, fromBytes, fromText, join } from '../../fs/byte-path.ts';
import { lstatIfThere } from '../../fs/lstat.ts';
import type { StagingName } from '../contract.ts';
import { damagedOf, inboxOf, quarantineOf } from '../places.ts';
import { parseStagingName } from '../staging/staging-name.ts';

/** A staging archive by the name that it had when the inbox was listed. */
export type StagingFile = { file: string; name: StagingName };

export type Inbox = {
  /** Closed, or taken before by somebody who did not end. */
  ready: StagingFile[];
  open: StagingFile[];
  /** By the bytes of their names, one in each character. */
  foreign: { name: string; detail: string }[];
};

/**
 * What lies in the inbox, by names, in their order; names that begin with a dot are left alone. Empty where there is no inbox yet.
 *
 * @throws as node:fs does
 */
export async function readInbox(base: string): Promise<Inbox> {
  const inbox: Inbox = { ready: [], open: [], foreign: [] };
  for (const [index, file] of (await namesIn(inboxOf(base))).entries()) {
    if (index % STEP === STEP - 1) await nextTurn();
    if (file.startsWith('.')) continue;
    const isPlace = PLACES.includes(file);
    const name = parseStagingName(file);
    if (!isPlace && name === undefined) {
      inbox.foreign.push({ name: file, detail: 'no writer gives such a name' });
      continue;
    }
    // Not asked for with the listing: where a file system does not know it, Node looks at all names, and fails where one is gone by then.
    const stats = lstatIfThere(join(fromText(inboxOf(base)), file));
    if (stats === undefined || (isPlace && stats.isDirectory())) continue;
    if (name === undefined) inbox.foreign.push({ name: file, detail: 'it is where a directory should be' });
    else if (!stats.isFile()) inbox.foreign.push({ name: file, detail: 'it is no regular file' });
    else (name.state === 'open' ? inbox.open : inbox.ready).push({ file, name });
  }
  return inbox;
}

const PLACES = [damagedOf(''), quarantineOf('')].map((place) => basename(fromText(place)) as string);

/** Files looked at between two pauses. */
const STEP = 512;

/** One byte in each character. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory, { encoding: 'buffer' });
    return names.map((name): string => fromBytes(name)).toSorted();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
