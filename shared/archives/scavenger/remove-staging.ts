import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { type BytePath, fromText, toText } from '../../fs/byte-path.ts';
import { fsyncDirectory } from '../../fs/durable.ts';
import type { ArchiveEvent, ScavengeReport } from '../contract.ts';
import { inboxOf } from '../places.ts';
import type { Staging } from './collected.ts';
import { damageSummary, damageText } from './damage-text.ts';
import { escapeControls } from './escape-controls.ts';
import { assertOfOneFile, reasonOf } from './faults.ts';
import type { Inbox } from './inbox.ts';
import { setAside } from './set-aside.ts';

type Counts = Pick<ScavengeReport, 'stagingArchives' | 'damaged' | 'quarantined'>;
type OnEvent = (event: ArchiveEvent) => void;

/**
 * Takes staging archives out of the inbox whose members are all durable in their archives. What is damaged is kept aside, and what is none at all.
 * When it returns that is durable. Idempotent, also against somebody else who does it. What may not be moved or removed stays, and is said.
 *
 * @throws as node:fs does
 */
export function removeStaging(
  base: string,
  ended: readonly Staging[],
  counts: Counts,
  onEvent: OnEvent,
): void {
  const stays = (file: string, detail: string): void => {
    counts.damaged += 1;
    onEvent({ event: 'archive.damaged', file: `inbox/${file}`, detail });
  };
  for (const staging of ended) {
    const { file, damages, isKept } = staging;
    if (isKept) {
      if (damages.count > 0)
        stays(file, `${damageSummary(damages)}; it stays until all else of it is stored`);
      continue;
    }
    try {
      removeOne(base, staging, counts, onEvent);
      counts.stagingArchives += 1;
    } catch (error) {
      assertOfOneFile(base, error);
      // Found again at each pass, and all in it as duplicates.
      stays(file, `it was collected, cannot be removed (${reasonOf(error)}), and stays where it is`);
    }
  }
  if (ended.some(({ isKept }) => !isKept)) fsyncDirectory(fromText(inboxOf(base)));
}

function removeOne(base: string, staging: Staging, counts: Counts, onEvent: OnEvent): void {
  const { file, damages, members, isPlausible } = staging;
  if (damages.count === 0) unlinkIfThere(join(inboxOf(base), file));
  else if (members === 0 && !isPlausible)
    quarantine(base, { name: file, detail: 'it does not begin as a zip file does' }, counts, onEvent);
  else keepDamaged(base, staging, counts, onEvent);
}

/** The same for what has no name that a writer gives. */
export function quarantineForeign(
  base: string,
  foreign: Inbox['foreign'],
  counts: Counts,
  onEvent: OnEvent,
): void {
  for (const one of foreign) {
    try {
      quarantine(base, one, counts, onEvent);
    } catch (error) {
      assertOfOneFile(base, error);
      // Somebody else's, in a directory where only he may move it: all else is collected.
      counts.quarantined += 1;
      const detail = `${one.detail}; it cannot be moved away (${reasonOf(error)}), and stays where it is`;
      onEvent({ event: 'archive.quarantined', file: `inbox/${toText(one.name as BytePath)}`, detail });
    }
  }
  if (foreign.length > 0) fsyncDirectory(fromText(inboxOf(base)));
}

function quarantine(
  base: string,
  { name, detail }: { name: string; detail: string },
  counts: Counts,
  onEvent: OnEvent,
): void {
  const shown = escapeControls(toText(name as BytePath));
  const text = `${shown} lay in the inbox, and is no staging archive: ${detail}. Nothing of it was collected.\n`;
  const file = setAside(base, name, 'quarantine', text);
  if (file === undefined) return;
  counts.quarantined += 1;
  onEvent({ event: 'archive.quarantined', file, detail });
}

function keepDamaged(base: string, { file: name, damages }: Staging, counts: Counts, onEvent: OnEvent): void {
  const file = setAside(base, name, 'damaged', damageText(name, damages));
  if (file === undefined) return;
  counts.damaged += 1;
  onEvent({ event: 'archive.damaged', file, detail: damageSummary(damages) });
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
