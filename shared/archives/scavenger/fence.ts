import { renameSync, unlinkSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { PROBE } from './server-clock.ts';
import { LEASE_MS, tokenDirectory, tokensIn } from './tokens.ts';

/** Somebody may still write into a directory while it is emptied. */
const RETRIES = 5;

/**
 * Takes the directories of all lower tokens out of reach: each is renamed into ours, and removed there. When it returns, no holder of one
 * can publish: on this host its files have other names from the rename on, and a client of a network file system that still knows
 * the directory by its handle finds its files gone.
 *
 * Idempotent: what a crash left of it lies in the directory of the one that crashed, and goes with that.
 *
 * @throws as node:fs does; ENOENT where `directory` is gone
 */
export async function fenceLower(work: string, token: number, directory: string): Promise<void> {
  for (const lower of tokensIn(work)) {
    if (lower >= token) break;
    try {
      renameSync(tokenDirectory(work, lower), join(directory, `fenced-${lower}`));
    } catch (error) {
      // It is gone: its maker found us, and took it back. Or ours is gone: whoever calls us looks.
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
  for (const name of await readdir(directory)) {
    if (name.startsWith('fenced-'))
      await rm(join(directory, name), { recursive: true, force: true, maxRetries: RETRIES });
  }
  await removeOldProbes(work, directory);
}

/** Of those who died between making and removing one. */
async function removeOldProbes(work: string, directory: string): Promise<void> {
  const nowMs = (await stat(directory)).ctimeMs;
  for (const name of (await readdir(work)).filter((file) => PROBE.test(file))) {
    const file = join(work, name);
    try {
      if (nowMs - (await stat(file)).ctimeMs > LEASE_MS) unlinkSync(file);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}
