import { join } from 'node:path';
import { EnvironmentError } from '../../errors.ts';
import { fromText } from '../../fs/byte-path.ts';
import { lstatIfThere } from '../../fs/lstat.ts';
import type { DirectoryEntry } from '../zip/read-directory.ts';
import { ZipFault } from '../zip/zip-fault.ts';
import { beside, nameOf } from './archive-name.ts';
import type { NameKey } from './name-key.ts';
import { OpenVolumes } from './open-volumes.ts';
import { isSameContent } from './same-content.ts';
import { candidatesFor } from './version-name.ts';
import { Volume, type VolumeFault, type Wanted, wanted } from './volume.ts';
import { VolumeListing } from './volume-listing.ts';
import { MOST_DIGITS, volumeName } from './volume-name.ts';

/** Where a content stands: the volume, below the base, and the member's name there. */
export type Found = { volume: string; storedAs: string };

/**
 * An archive with all its volumes, as they were when it was opened: what is published later is not seen. Whoever concludes something
 * from a member that is missing looks first that its staging archive is gone, and opens the set after.
 *
 * Few of its files are open at a time: one that is opened again and is another by then is found out and thrown, as `archive.changed`.
 *
 * Only reads. To be closed.
 */
export class ArchiveSet {
  readonly #base: string;
  readonly #archive: string;
  #all: Volume[] = [];
  readonly #dropped = new Set<Volume>();
  readonly #faults: VolumeFault[] = [];

  private constructor(base: string, archive: string) {
    this.#base = base;
    this.#archive = archive;
  }

  /**
   * @param base absolute
   * @param archive below it; it need not be there
   * @param listing of the directory, where many archives in it are opened
   * @throws as node:fs does, but not where something is missing; EnvironmentError `archive.changed` where a volume is replaced meanwhile
   */
  static open(base: string, archive: string, listing = new VolumeListing(base)): ArchiveSet {
    const set = new ArchiveSet(base, archive);
    const open = new OpenVolumes();
    try {
      for (const number of [1, ...listing.numbersOf(archive)]) {
        const found = Volume.look(base, archive, number, open);
        if (found instanceof Volume) set.#all.push(found);
        else if (found !== undefined) set.#faults.push(found);
      }
      return set;
    } catch (error) {
      set.close();
      throw error;
    }
  }

  /** Those that can be read, in their order, below the base. */
  get volumes(): readonly string[] {
    return this.#all.map(({ path }) => path);
  }

  /** The same, for whoever writes. */
  get readable(): readonly Volume[] {
    return this.#all;
  }

  /** Files that should be volumes of this archive and cannot be read as such. They count as full. */
  get faults(): readonly VolumeFault[] {
    return this.#faults;
  }

  /**
   * The member that was deposited under this name with this content, also where it is stored as a version. Of several it is the one that
   * was stored last: there are several where the bytes of the one before were found to be spoiled.
   *
   * @throws as node:fs does
   */
  find(member: string, sha256: Buffer): Found | undefined {
    let found: { volume: Volume; storedAs: string } | undefined;
    for (const storedAs of candidatesFor(member, sha256)) {
      const volume = this.#holderOf(storedAs, sha256, found?.volume.number ?? 0);
      if (volume !== undefined) found = { volume, storedAs };
      else if (found !== undefined) break;
    }
    return found && { volume: found.volume.path, storedAs: found.storedAs };
  }

  /** @param from the lowest number that counts: nothing is healed in an earlier volume */
  #holderOf(name: string, sha256: Buffer, from: number): Volume | undefined {
    const sought = wanted(name);
    // What is asked for was mostly stored last.
    for (const volume of this.#all.toReversed()) {
      if (volume.number < from) break;
      const entries: DirectoryEntry[] = [];
      this.#judged(volume, () => volume.namesakes(sought, (entry) => entries.push(entry)));
      if (entries.some((entry) => isSameContent(() => volume.open(), entry, { sha256 }))) return volume;
    }
    return undefined;
  }

  /** Every member that has one of the names, all together: for a few. A volume whose directory turns out to be no good goes over to the faults. */
  namesakes(names: readonly Wanted[]): Map<string, { volume: Volume; entry: DirectoryEntry }[]> {
    const found = new Map<string, { volume: Volume; entry: DirectoryEntry }[]>();
    for (const volume of this.#all)
      for (const sought of names)
        this.#judged(volume, () =>
          volume.namesakes(sought, (entry) => {
            const others = found.get(sought.name);
            if (others === undefined) found.set(sought.name, [{ volume, entry }]);
            else others.push({ volume, entry });
          }),
        );
    return found;
  }

  /**
   * Where the members stand whose names have one of the keys: see `Volume.places`. No entry is read or kept, so of how many names it is asked for
   * does not matter. A volume whose directory turns out to be no good goes over to the faults.
   *
   * @param keys ascending, for the fewest reads
   * @throws as node:fs does
   */
  places(
    keys: readonly NameKey[],
    onPlace: (volume: Volume, position: number, entryOffset: number) => void,
  ): void {
    for (const volume of this.#all)
      this.#judged(volume, () =>
        volume.places(keys, (position, entryOffset) => onPlace(volume, position, entryOffset)),
      );
  }

  /**
   * What stands at such a place; undefined in a volume that is or goes over to the faults.
   *
   * @throws as node:fs does
   */
  entryAt(volume: Volume, entryOffset: number): DirectoryEntry | undefined {
    if (this.#dropped.has(volume)) return undefined;
    let entry: DirectoryEntry | undefined;
    this.#judged(volume, () => {
      entry = volume.entryAt(entryOffset);
    });
    return entry;
  }

  /** Leaves out a volume that was found to be no good. */
  drop(volume: Volume, fault: ZipFault): void {
    volume.close();
    this.#dropped.add(volume);
    this.#all = this.#all.filter((other) => other !== volume);
    this.#faults.push({ number: volume.number, volume: volume.path, detail: fault.message });
  }

  /**
   * The number of the next volume: after the last one of ours, and taken by nothing.
   *
   * @throws EnvironmentError where all are taken
   */
  nextNumber(): number {
    const numbers = [...this.#all, ...this.#faults].map(({ number }) => number);
    for (let number = Math.max(0, ...numbers) + 1; number < 10 ** MOST_DIGITS; number += 1) {
      const path = beside(this.#archive, volumeName(nameOf(this.#archive), number));
      if (lstatIfThere(fromText(join(this.#base, path))) === undefined) return number;
    }
    throw new EnvironmentError(`${this.#archive} has no number left for another volume`, {
      code: 'archive.volumes',
      subject: this.#archive,
      hint: 'have later files deposited in another archive',
    });
  }

  /** Idempotent. */
  close(): void {
    // Whoever had found something in one that was dropped may have opened it again.
    for (const volume of [...this.#all, ...this.#dropped]) volume.close();
  }

  #judged(volume: Volume, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ZipFault)) throw error;
      this.drop(volume, error);
    }
  }
}
