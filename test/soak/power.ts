import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { basename, toBytes } from '../../shared/fs/byte-path.ts';
import type { Account } from './account.ts';
import type { Crew } from './crew.ts';
import { filesBelow } from './files-below.ts';
import type { Fleet } from './fleet.ts';
import type { Harbour } from './harbour.ts';
import { isTemporary } from './names.ts';

const STEPPED_ASIDE = /^\.wharfinger-\d+\.src$/;

/** The power goes, for a moment the programs run against dead disks, then everything is dead, and comes back. */
export async function cutPowerOf(
  which: 'both' | 'near' | 'far',
  afterMs: number,
  { harbour, crew, fleet, account }: { harbour: Harbour; crew: Crew; fleet: Fleet; account: Account },
): Promise<void> {
  const { wanted } = crew;
  const disks = which === 'both' ? [harbour.near, harbour.far] : [harbour[which]];
  for (const disk of disks) disk?.cutPower();
  // The writers are on the near disk alone. No writer runs between the cut and this.
  const sunk = which === 'far' ? undefined : fleet.sink();
  await delay(afterMs);
  crew.want(0);
  await crew.killAll();
  await sunk;
  for (const disk of disks) await disk?.restorePower();
  if (sunk !== undefined) {
    account.powerWasCut();
    for (const path of harbour.inputPaths.flatMap(filesBelow)) {
      // Temporary files stay what they are. A source that stepped aside may come back under its name, as it is now.
      if (!isTemporary(path) || STEPPED_ASIDE.test(basename(path)))
        account.foundAfterPowerCut(path, readFileSync(toBytes(path)));
    }
    fleet.set();
  }
  crew.want(wanted);
}
