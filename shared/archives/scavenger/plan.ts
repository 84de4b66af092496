import type { ArchiveSet } from '../volumes/archive-set.ts';
import { isIntact, isSameContent } from '../volumes/same-content.ts';
import type { Volume } from '../volumes/volume.ts';
import type { Breath } from './breath.ts';
import type { Collected, CollectedList } from './collected.ts';
import { Namesakes, type StoredMember } from './namesakes.ts';
import { NumberList } from './number-list.ts';
import { PlannedNames } from './planned-names.ts';

/** A member that is to be stored, and under which name. */
export type Planned = Collected & { storedAs: string };

export type Plan = {
  stored: PlannedMembers;
  duplicates: number;
  /** The volumes that have what is there already. */
  holding: ReadonlySet<Volume>;
  /** Members whose bytes are not what their volume says of them. What was deposited with that content is stored under another name. */
  spoiled: readonly { volume: string; storedAs: string }[];
};

/** What is to be stored, in its order: made when it is asked for. */
export class PlannedMembers {
  readonly #members: CollectedList;
  readonly #names: PlannedNames;
  readonly #indexes: Float64Array;

  constructor(members: CollectedList, names: PlannedNames, indexes: Float64Array) {
    this.#members = members;
    this.#names = names;
    this.#indexes = indexes;
  }

  get length(): number {
    return this.#indexes.length;
  }

  /** Undefined behind the last one. */
  at(position: number): Planned | undefined {
    const index = this.#indexes[position];
    return index === undefined ? undefined : this.#planned(index);
  }

  /** Those that get another name, since theirs has another content. */
  *versions(): Generator<Planned> {
    for (const index of this.#indexes) if (this.#names.isVersion(index)) yield this.#planned(index);
  }

  #planned(index: number): Planned {
    return { ...this.#members.at(index), storedAs: this.#names.nameOf(index) };
  }
}

/**
 * What of a round is new to one archive: see docs/archives.md, Names and contents. It depends on nothing but names and contents, there and
 * here: planned again after a crash, what was published is found and nothing is stored twice.
 *
 * Of what is there already the bytes are read: the staged ones may be the only ones left that are right, and are to go.
 *
 * @param set with the indexes of all its volumes made
 * @throws EnvironmentError `archive.name-taken`; as node:fs does
 */
export async function plan(set: ArchiveSet, members: CollectedList, breath: Breath): Promise<Plan> {
  const names = new PlannedNames(members);
  const stored = new NumberList();
  let undecided: Float64Array = Float64Array.from({ length: members.length }, (_, index) => index);
  let duplicates = 0;
  const holding = new Set<Volume>();
  const there = new Stored();
  // By far the most are decided by their own names, and all others together by the next ones.
  for (let level = 0; undecided.length > 0; level += 1) {
    for (const index of undecided) {
      names.tryLevel(index, level);
      if (breath.isDue) await breath.take();
    }
    const found = await Namesakes.find(set, names, undecided, breath);
    const left = new NumberList();
    for (const index of undecided) {
      const planned = names.holderOf(index);
      if (planned !== undefined && isSameMember(members, planned, index)) duplicates += 1;
      else {
        const others = found.of(index);
        const holder = others.length > 0 ? await there.holderOf(others, members.at(index)) : undefined;
        if (holder !== undefined) {
          duplicates += 1;
          holding.add(holder);
        } else if (others.length > 0 || planned !== undefined) left.push(index);
        else {
          names.take(index);
          stored.push(index);
        }
      }
      if (breath.isDue) await breath.take();
    }
    undecided = left.values;
  }
  return {
    stored: new PlannedMembers(members, names, stored.values),
    duplicates,
    holding,
    spoiled: there.spoiled,
  };
}

/** What is stored already, of which the bytes are read at most once. */
class Stored {
  readonly spoiled: { volume: string; storedAs: string }[] = [];
  readonly #judged = new Map<Volume, Map<number, boolean>>();

  /** The volume that has this content, whole. */
  async holderOf(members: readonly StoredMember[], { member }: Collected): Promise<Volume | undefined> {
    for (const one of members) {
      const isSame = isSameContent(() => one.volume.open(), one.entry, member);
      if (isSame && (await this.#isIntact(one))) return one.volume;
    }
    return undefined;
  }

  async #isIntact({ volume, entry }: StoredMember): Promise<boolean> {
    const judgedOf = this.#judged.get(volume) ?? new Map<number, boolean>();
    this.#judged.set(volume, judgedOf);
    const known = judgedOf.get(entry.entryOffset);
    if (known !== undefined) return known;
    const judged = await isIntact(() => volume.open(), entry);
    judgedOf.set(entry.entryOffset, judged);
    if (!judged) this.spoiled.push({ volume: volume.path, storedAs: entry.name });
    return judged;
  }
}

const isSameMember = (members: CollectedList, a: number, b: number): boolean =>
  members.at(a).member.sha256.equals(members.at(b).member.sha256);
