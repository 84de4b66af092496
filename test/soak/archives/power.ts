import { setTimeout as delay } from 'node:timers/promises';
import type { Crew } from './crew.ts';
import type { Place } from './place.ts';

/** The power of the disk goes, for a moment the programs run against a dead one, then everything is dead, and comes back. */
export async function cutPowerOf(place: Place, crew: Crew, afterMs: number): Promise<void> {
  await crew.sendReaderHome();
  place.disk?.cutPower();
  await delay(afterMs);
  await crew.killAll();
  await place.disk?.restorePower();
  await crew.call();
}
