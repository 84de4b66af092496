import { ArchiveSet, type Found } from '../../archives/volumes/archive-set.ts';

/** Files of one archive mostly come after each other, and those of a few take turns. */
const MOST_OPEN = 8;

type FoundIn = Found & { set: ArchiveSet };

/** The archives of a base, of which the last few stay open. */
export class OpenArchives {
  readonly #base: string;
  readonly #onFault: (volume: string, detail: string) => void;
  readonly #said = new Set<string>();
  /** The one that was asked last at the end. */
  readonly #open = new Map<string, ArchiveSet>();

  /** @param onFault told once of each volume that cannot be read */
  constructor(base: string, onFault: (volume: string, detail: string) => void) {
    this.#base = base;
    this.#onFault = onFault;
  }

  /**
   * As `ArchiveSet.find`, with the set that it was found in; valid until the next call.
   *
   * @param isFresh what an archive that was opened earlier does not have is looked for once more, in the archive as it is now
   * @throws as node:fs does; EnvironmentError `archive.changed`
   */
  find(
    archive: string,
    member: string,
    sha256: Buffer,
    { isFresh }: { isFresh: boolean },
  ): FoundIn | undefined {
    const wasOpen = this.#open.has(archive);
    const found = this.#findIn(archive, member, sha256);
    if (found !== undefined || !wasOpen || !isFresh) return found;
    this.#forget(archive);
    return this.#findIn(archive, member, sha256);
  }

  close(): void {
    for (const set of this.#open.values()) set.close();
    this.#open.clear();
  }

  #findIn(archive: string, member: string, sha256: Buffer): FoundIn | undefined {
    const set = this.#setOf(archive);
    const found = set.find(member, sha256);
    for (const { volume, detail } of set.faults) {
      if (this.#said.has(volume)) continue;
      this.#said.add(volume);
      this.#onFault(volume, detail);
    }
    return found === undefined ? undefined : { ...found, set };
  }

  #setOf(archive: string): ArchiveSet {
    const known = this.#open.get(archive);
    this.#open.delete(archive);
    const set = known ?? ArchiveSet.open(this.#base, archive);
    this.#open.set(archive, set);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#forget(oldest);
    return set;
  }

  #forget(archive: string): void {
    this.#open.get(archive)?.close();
    this.#open.delete(archive);
  }
}
