import { EnvironmentError } from '../../errors.ts';
import type { ArchiveSet } from '../volumes/archive-set.ts';
import { compareKeys } from '../volumes/name-key.ts';
import { isSameContent } from '../volumes/same-content.ts';
import { candidateAt } from '../volumes/version-name.ts';
import { type Volume, wanted } from '../volumes/volume.ts';
import type { Breath } from './breath.ts';
import type { Collected } from './rounds.ts';

/** A member that is to be stored, and under which name. */
export type Planned = Collected & { storedAs: string };

export type Plan = {
  stored: Planned[];
  duplicates: number;
  /** The volumes that have what is there already. */
  holding: ReadonlySet<Volume>;
};

/** Names looked up between two pauses. */
const STEP = 1024;

/**
 * What of a round is new to one archive: see docs/archives.md, Names and contents. It depends on nothing but names and contents, there and
 * here: planned again after a crash, what was published is found and nothing is stored twice.
 *
 * @param set with the indexes of all its volumes made
 * @throws EnvironmentError `archive.name-taken`; as node:fs does
 */
export async function plan(set: ArchiveSet, members: readonly Collected[], breath: Breath): Promise<Plan> {
  const byName = new Map<string, Planned>();
  let undecided = members;
  let duplicates = 0;
  const holding = new Set<Volume>();
  // By far the most are decided by their own names, and all others together by the next ones.
  for (let level = 0; undecided.length > 0; level += 1) {
    const there = await namesakes(
      set,
      undecided.map((collected) => nameAt(collected, level)),
      breath,
    );
    const left: Collected[] = [];
    for (const collected of undecided) {
      const storedAs = nameAt(collected, level);
      const [others, planned] = [there.get(storedAs) ?? [], byName.get(storedAs)];
      if (others.length === 0 && planned === undefined) byName.set(storedAs, { ...collected, storedAs });
      else if (planned !== undefined && isSameMember(planned, collected)) duplicates += 1;
      else {
        const same = others.find(({ volume, entry }) =>
          isSameContent(() => volume.open(), entry, collected.member),
        );
        if (same === undefined) left.push(collected);
        else {
          duplicates += 1;
          holding.add(same.volume);
        }
      }
      if (breath.isDue) await breath.take();
    }
    undecided = left;
  }
  return { stored: [...byName.values()], duplicates, holding };
}

function nameAt({ member }: Collected, level: number): string {
  const name = candidateAt(member.to.member, member.sha256, level);
  if (name !== undefined) return name;
  throw new EnvironmentError(`every name that ${member.to.member} could be stored under is taken`, {
    code: 'archive.name-taken',
    subject: member.to.member,
    hint: 'somebody has named members after the hashes of others: take those out of the archive',
  });
}

const isSameMember = (a: Collected, b: Collected): boolean => a.member.sha256.equals(b.member.sha256);

async function namesakes(
  set: ArchiveSet,
  names: readonly string[],
  breath: Breath,
): Promise<ReturnType<ArchiveSet['namesakes']>> {
  if (set.readable.length === 0) return new Map();
  const sorted = [...new Set(names)].map(wanted).toSorted((a, b) => compareKeys(a.key, b.key));
  const found: ReturnType<ArchiveSet['namesakes']> = new Map();
  for (let from = 0; from < sorted.length; from += STEP) {
    for (const [name, entries] of set.namesakes(sorted.slice(from, from + STEP))) found.set(name, entries);
    if (breath.isDue) await breath.take();
  }
  return found;
}
