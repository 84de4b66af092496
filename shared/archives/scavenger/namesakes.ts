import type { ArchiveSet } from '../volumes/archive-set.ts';
import type { Volume } from '../volumes/volume.ts';
import type { DirectoryEntry } from '../zip/read-directory.ts';
import type { Breath } from './breath.ts';
import { NumberList } from './number-list.ts';
import type { PlannedNames } from './planned-names.ts';

/** A member of a volume. */
export type StoredMember = { volume: Volume; entry: DirectoryEntry };

/** Names looked up between two pauses. */
const STEP = 512;

/** Which members of the volumes have names that are tried: only their places are kept, and what stands there is read when it is asked for. */
export class Namesakes {
  readonly #set: ArchiveSet;
  readonly #names: PlannedNames;
  /** By the number of the member that tries the name: the last place of its chain, and one; 0 where there is none. */
  readonly #last: Uint32Array;
  /** Of each place: the one before it in its chain, likewise, its volume, and where its entry stands. */
  readonly #before = new NumberList();
  readonly #volumeOf = new NumberList();
  readonly #entryOffsets = new NumberList();
  readonly #volumes: Volume[] = [];

  private constructor(set: ArchiveSet, names: PlannedNames) {
    this.#set = set;
    this.#names = names;
    this.#last = new Uint32Array(set.readable.length === 0 ? 0 : names.members);
  }

  /**
   * Looks for the names of all these members in all volumes, in the order of the index, for the fewest reads.
   *
   * @throws as `ArchiveSet.places`
   */
  static async find(
    set: ArchiveSet,
    names: PlannedNames,
    indexes: Float64Array,
    breath: Breath,
  ): Promise<Namesakes> {
    const namesakes = new Namesakes(set, names);
    if (set.readable.length === 0) return namesakes;
    const sorted = indexes.toSorted((a, b) => names.compareKeys(a, b));
    for (let from = 0; from < sorted.length; from += STEP) {
      namesakes.#look(sorted.subarray(from, from + STEP));
      if (breath.isDue) await breath.take();
    }
    return namesakes;
  }

  /**
   * Those of the name that this member tries. Each is read anew; none is of a volume that turns out to be no good meanwhile.
   *
   * @throws as `ArchiveSet.entryAt`
   */
  of(index: number): StoredMember[] {
    const found: StoredMember[] = [];
    for (let chained = this.#last[index] ?? 0; chained > 0; chained = this.#before.at(chained - 1)) {
      const volume = this.#volumes[this.#volumeOf.at(chained - 1)];
      const entry = volume && this.#set.entryAt(volume, this.#entryOffsets.at(chained - 1));
      // Another name may have the same key.
      if (volume && entry?.name === this.#names.nameOf(index)) found.push({ volume, entry });
    }
    return found.reverse();
  }

  #look(indexes: Float64Array): void {
    const keys = Array.from(indexes, (index) => this.#names.keyOf(index));
    this.#set.places(keys, (volume, position, entryOffset) => {
      const index = indexes[position];
      if (index !== undefined) this.#add(index, volume, entryOffset);
    });
  }

  #add(index: number, volume: Volume, entryOffset: number): void {
    if (this.#volumes.at(-1) !== volume) this.#volumes.push(volume);
    this.#before.push(this.#last[index] ?? 0);
    this.#volumeOf.push(this.#volumes.length - 1);
    this.#entryOffsets.push(entryOffset);
    this.#last[index] = this.#before.length;
  }
}
