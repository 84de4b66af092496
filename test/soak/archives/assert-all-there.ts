import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Noted } from './journal.ts';
import { type Leftovers, leftIn } from './leftovers.ts';
import { faultsByUnzip, readArchives } from './read-archives.ts';
import { type Reckoning, reckon } from './reckoning.ts';

/** That every acknowledged deposit is in its archive once, all others at most once, nothing else anywhere, and nothing staged any more. */
export async function assertAllThere(base: string, noted: readonly Noted[]): Promise<Reckoning & Leftovers> {
  const { found, faults } = await readArchives(base);
  const reckoning = reckon(noted, found, existsSync);
  const left = leftIn(base);
  const { lost, doubled, strange } = reckoning;
  assert.deepEqual(
    { lost, doubled, strange, staged: left.staged, problems: left.problems },
    { lost: [], doubled: [], strange: [], staged: [], problems: [] },
  );
  assert.deepEqual([...faults, ...(await faultsByUnzip(base, found))], []);
  return { ...reckoning, ...left };
}
