import { setTimeout as delay } from 'node:timers/promises';
import type { Crew } from './crew.ts';
import { letLapse } from './lease.ts';
import { leftIn } from './leftovers.ts';
import type { Place } from './place.ts';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 300;

/**
 * Passes of the real command until nothing is staged any more. What writers of other hosts left open is taken when it has been silent for
 * long enough.
 *
 * @returns what was wrong with them
 */
export async function finish(crew: Crew, { base }: Place): Promise<string[]> {
  const endsAt = performance.now() + PATIENCE_MS;
  const problems: string[] = [];
  const here = crew.hosts[0];
  if (here === undefined) throw new Error('there is no host to collect on');
  while (performance.now() < endsAt) {
    letLapse(base, crew);
    const { code, stderr } = await crew.scavenge(here, '--flush');
    if (code !== 0 && code !== 3) problems.push(`a quiet pass ended with code ${code}: ${stderr}`);
    if (leftIn(base).staged.length === 0) return problems;
    await delay(PAUSE_MS);
  }
  return [...problems, ...leftIn(base).staged.map((name) => `still staged: ${name}`)];
}
