import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../../../shared/errors.ts';
import type { Crew } from './crew.ts';
import type { Player } from './player.ts';

const POLL_MS = 2;

/** The scavengers' lease, looked at and meddled with from outside: see docs/archives.md. */
export type LeaseInForce = { directory: string; holder: { name: string; pid: number } | undefined };

/** The one that is in force and not free, where there is one. */
export function leaseInForce(base: string): LeaseInForce | undefined {
  const work = join(base, '.wharfinger', 'work');
  try {
    const highest = readdirSync(work)
      .filter((name) => /^[0-9]{20}$/.test(name))
      .sort()
      .at(-1);
    if (highest === undefined) return undefined;
    const directory = join(work, highest);
    return existsSync(join(directory, 'released')) ? undefined : { directory, holder: readHolder(directory) };
  } catch (error) {
    // Nobody has made it yet.
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined where it is not there, or not whole: its holder died before. */
function readHolder(directory: string): LeaseInForce['holder'] {
  try {
    return JSON.parse(readFileSync(join(directory, 'holder.json'), 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whoever has the lease, of those who play. */
export const holderOf = ({ holder }: LeaseInForce, crew: Crew): Player | undefined =>
  crew
    .players('scavenger')
    .find(
      (player) =>
        holder !== undefined && (player.host.name ?? hostname()) === holder.name && player.pid === holder.pid,
    );

/** Waits until somebody is collecting; undefined where nobody is for so long. */
export async function someoneCollects(
  base: string,
  crew: Crew,
  withinMs: number,
): Promise<Player | undefined> {
  const endsAt = performance.now() + withinMs;
  while (performance.now() < endsAt) {
    const lease = leaseInForce(base);
    const player = lease === undefined ? undefined : holderOf(lease, crew);
    if (player !== undefined) return player;
    await delay(POLL_MS);
  }
  return undefined;
}

/**
 * The minute goes by in which nothing was heard of a holder that is dead or frozen: nobody else may have the lease before that, and
 * few calamities last so long. To the next scavenger it is the same.
 *
 * @returns false where the lease is free, or its holder well
 */
export function letLapse(base: string, crew: Crew): boolean {
  const lease = leaseInForce(base);
  if (lease === undefined) return false;
  const holder = holderOf(lease, crew);
  if (holder !== undefined && !holder.isFrozen) return false;
  try {
    writeFileSync(join(lease.directory, 'released'), '');
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOSPC') return false;
    throw error;
  }
}
