import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
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
  const places = [damagedOf(base), quarantineOf(base)];
  for (const entry of await entriesOf(inboxOf(base))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(inboxOf(base), entry.name);
    if (entry.isDirectory() && places.includes(path)) continue;
    const name = parseStagingName(entry.name);
    if (name === undefined) inbox.foreign.push({ name: entry.name, detail: 'no writer gives such a name' });
    else if (!entry.isFile()) inbox.foreign.push({ name: entry.name, detail: 'it is no regular file' });
    else (name.state === 'open' ? inbox.open : inbox.ready).push({ file: entry.name, name });
  }
  return inbox;
}

async function entriesOf(directory: string) {
  try {
    const entries = await readdir(directory, { withFileTypes: true, encoding: 'latin1' });
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
