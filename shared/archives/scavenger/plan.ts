import { EnvironmentError } from '../../errors.ts';
import type { ArchiveSet } from '../volumes/archive-set.ts';
import { compareKeys } from '../volumes/name-key.ts';
import { isIntact, isSameContent } from '../volumes/same-content.ts';
import { candidateAt } from '../volumes/version-name.ts';
import { type Volume, wanted } from '../volumes/volume.ts';
import type { DirectoryEntry } from '../zip/read-directory.ts';
import type { Breath } from './breath.ts';
import type { Collected } from './rounds.ts';

/** A member that is to be stored, and under which name. */
export type Planned = Collected & { storedAs: string };

export type Plan = {
  stored: Planned[];
  duplicates: number;
  /** The volumes that have what is there already. */
  holding: ReadonlySet<Volume>;
  /** Members whose bytes are not what their volume says of them. What was deposited with that content is stored under another name. */
  spoiled: readonly { volume: string; storedAs: string }[];
};

/** Names looked up between two pauses. */
const STEP = 1024;

/**
 * What of a round is new to one archive: see docs/archives.md, Names and contents. It depends on nothing but names and contents, there and
 * here: planned again after a crash, what was published is found and nothing is stored twice.
 *
 * Of what is there already the bytes are read: the staged ones may be the only ones left that are right, and are to go.
 *
 * @param set with the indexes of all its volumes made
 * @throws EnvironmentError `archive.name-taken`; as node:fs does
 */
export async function plan(set: ArchiveSet, members: readonly Collected[], breath: Breath): Promise<Plan> {
  const byName = new Map<string, Planned>();
  let undecided = members;
  let duplicates = 0;
  const holding = new Set<Volume>();
  const there = new Stored();
  // By far the most are decided by their own names, and all others together by the next ones.
  for (let level = 0; undecided.length > 0; level += 1) {
    const found = await namesakes(
      set,
      undecided.map((collected) => nameAt(collected, level)),
      breath,
    );
    const left: Collected[] = [];
    for (const collected of undecided) {
      const storedAs = nameAt(collected, level);
      const [others, planned] = [found.get(storedAs) ?? [], byName.get(storedAs)];
      if (others.length === 0 && planned === undefined) byName.set(storedAs, { ...collected, storedAs });
      else if (planned !== undefined && isSameMember(planned, collected)) duplicates += 1;
      else {
        const holder = await there.holderOf(others, collected);
        if (holder === undefined) left.push(collected);
        else {
          duplicates += 1;
          holding.add(holder);
        }
      }
      if (breath.isDue) await breath.take();
    }
    undecided = left;
  }
  return { stored: [...byName.values()], duplicates, holding, spoiled: there.spoiled };
}

type StoredMember = { volume: Volume; entry: DirectoryEntry };

/** What is stored already, of which the bytes are read at most once. */
class Stored {
  readonly spoiled: { volume: string; storedAs: string }[] = [];
  readonly #judged = new Map<string, boolean>();

  /** The volume that has this content, whole. */
  async holderOf(members: readonly StoredMember[], { member }: Collected): Promise<Volume | undefined> {
    for (const one of members) {
      const isSame = isSameContent(() => one.volume.open(), one.entry, member);
      if (isSame && (await this.#isIntact(one))) return one.volume;
    }
    return undefined;
  }

  async #isIntact({ volume, entry }: StoredMember): Promise<boolean> {
    const key = `${volume.number}:${entry.entryOffset}`;
    const known = this.#judged.get(key);
    if (known !== undefined) return known;
    const judged = await isIntact(() => volume.open(), entry);
    this.#judged.set(key, judged);
    if (!judged) this.spoiled.push({ volume: volume.path, storedAs: entry.name });
    return judged;
  }
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
