import type { ArchiveSet } from '../volumes/archive-set.ts';
import type { Volume } from '../volumes/volume.ts';
import { type DirectoryEntry, readEntryAt } from '../zip/read-directory.ts';
import type { Breath } from './breath.ts';
import { NumberList } from './number-list.ts';
import type { PlannedNames } from './planned-names.ts';

/** A member of a volume. */
export type StoredMember = { volume: Volume; entry: DirectoryEntry };

/** Names looked up between two pauses: what is found of so many is in memory. */
const STEP = 512;

/** Which members of the volumes have names that are tried: only their places are kept, and what stands there is read when it is asked for. */
export class Namesakes {
  /** By the number of the member that tries the name: the last one of its chain, and one; 0 where there is none. */
  readonly #last: Uint32Array;
  /** Of each found one: the one before it in its chain, likewise, its volume, and where its entry stands. */
  readonly #before = new NumberList();
  readonly #volumeOf = new NumberList();
  readonly #entryOffsets = new NumberList();
  readonly #volumes: Volume[] = [];

  private constructor(members: number) {
    this.#last = new Uint32Array(members);
  }

  /**
   * Looks for the names of all these members in all volumes, in the order of the index, for the fewest reads.
   *
   * @throws as `ArchiveSet.namesakes`
   */
  static async find(
    set: ArchiveSet,
    names: PlannedNames,
    indexes: Float64Array,
    breath: Breath,
  ): Promise<Namesakes> {
    const namesakes = new Namesakes(set.readable.length === 0 ? 0 : names.members);
    if (set.readable.length === 0) return namesakes;
    const sorted = indexes.toSorted((a, b) => names.compareKeys(a, b));
    for (let from = 0; from < sorted.length; from += STEP) {
      namesakes.#look(set, names, sorted.subarray(from, from + STEP));
      if (breath.isDue) await breath.take();
    }
    return namesakes;
  }

  /** @throws ZipFault where the directory was spoiled since; as node:fs does */
  of(index: number): StoredMember[] {
    const found: StoredMember[] = [];
    for (let chained = this.#last[index] ?? 0; chained > 0; chained = this.#before.at(chained - 1)) {
      const volume = this.#volumes[this.#volumeOf.at(chained - 1)];
      const entryOffset = this.#entryOffsets.at(chained - 1);
      if (volume !== undefined)
        found.push({ volume, entry: readEntryAt(volume.open(), volume.end, entryOffset) });
    }
    return found.reverse();
  }

  #look(set: ArchiveSet, names: PlannedNames, indexes: Float64Array): void {
    const byName = Map.groupBy(indexes, (index) => names.nameOf(index));
    const wanted = [...byName].map(([name, [index = 0]]) => ({ name, key: names.keyOf(index) }));
    for (const [name, found] of set.namesakes(wanted))
      for (const index of byName.get(name) ?? [])
        for (const { volume, entry } of found) this.#add(index, volume, entry.entryOffset);
  }

  #add(index: number, volume: Volume, entryOffset: number): void {
    if (!this.#volumes.includes(volume)) this.#volumes.push(volume);
    this.#before.push(this.#last[index] ?? 0);
    this.#volumeOf.push(this.#volumes.indexOf(volume));
    this.#entryOffsets.push(entryOffset);
    this.#last[index] = this.#before.length;
  }
}
