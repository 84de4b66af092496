import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError } from '../../errors.ts';
import { fromText } from '../../fs/byte-path.ts';
import { lstatIfThere } from '../../fs/lstat.ts';
import { indexOf } from '../places.ts';
import {
  type DirectoryEnd,
  type DirectoryEntry,
  readDirectoryEnd,
  readEntryAt,
} from '../zip/read-directory.ts';
import { ZipFault } from '../zip/zip-fault.ts';
import { beside, nameOf } from './archive-name.ts';
import { buildIndex } from './build-index.ts';
import { type FileFacts, factsOf, isSameFile } from './file-facts.ts';
import { IndexFault, IndexFile } from './index-file.ts';
import { memoryIndex } from './memory-index.ts';
import { keyOf, type NameIndex, type NameKey } from './name-key.ts';
import { OpenVolumes } from './open-volumes.ts';
import { parseVolumeComment } from './volume-comment.ts';
import { volumeName } from './volume-name.ts';

/** What a volume cannot be used for, and why. Nothing is ever written into it. */
export type VolumeFault = { number: number; volume: string; detail: string };

/** A name to look for, with its key: made once for all volumes. */
export type Wanted = { name: string; key: NameKey };

export const wanted = (name: string): Wanted => ({ name, key: keyOf(name) });

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** One zip file of an archive, as it was when it was looked at: whoever replaces it since is not seen, or found out and thrown. */
export class Volume {
  readonly number: number;
  /** Below the base. */
  readonly path: string;
  readonly facts: FileFacts;
  readonly end: DirectoryEnd;
  readonly #file: string;
  readonly #others: OpenVolumes;
  #index: NameIndex | undefined;
  #isSpoiled = false;
  #fd: number | undefined;

  private constructor(
    place: Place,
    facts: FileFacts,
    found: { end: DirectoryEnd; index?: NameIndex; fd?: number },
  ) {
    this.number = place.number;
    this.path = place.path;
    this.#file = place.file;
    this.#others = place.others;
    this.facts = facts;
    this.end = found.end;
    this.#index = found.index;
    this.#fd = found.fd;
    if (found.fd !== undefined) this.#others.use(this);
  }

  get sizeBytes(): number {
    return Number(this.facts.size);
  }

  /** Whether a look for a name costs no walk through the directory. */
  get hasIndex(): boolean {
    return this.#index !== undefined;
  }

  /** Whether its index turned out not to be as it was written: whoever may write makes it anew. */
  get hasSpoiledIndex(): boolean {
    return this.#isSpoiled;
  }

  /**
   * Looks whether volume `number` of an archive is there.
   *
   * @param others of the same archive that are open, of which there are never many
   * @returns undefined where nothing is, or something that is no volume of this archive; a fault where something is that should be one
   * @throws as node:fs does: EACCES, EIO, …
   */
  static look(
    base: string,
    archive: string,
    number: number,
    others = new OpenVolumes(),
  ): Volume | VolumeFault | undefined {
    const path = beside(archive, volumeName(nameOf(archive), number));
    const file = join(base, path);
    const stats = lstatIfThere(fromText(file));
    if (stats === undefined) return undefined;
    if (!stats.isFile())
      return number === 1 ? { number, volume: path, detail: 'is no regular file' } : undefined;
    const facts = factsOf(stats);
    const index = IndexFile.open(indexPathOf(base, archive, number), facts);
    const place = { number, path, file, others };
    if (index !== undefined) return new Volume(place, facts, { end: index.end, index });
    return openVolume(place, archive, facts, (end, fd) => new Volume(place, facts, { end, fd }));
  }

  /**
   * Open for reading; the volume's own to close. To be asked for anew whenever other volumes of the archive were opened meanwhile: it may
   * have been closed for them.
   *
   * @throws EnvironmentError `archive.changed` where another file has the name by now; as node:fs does
   */
  open(): number {
    this.#fd ??= this.#openAgain();
    this.#others.use(this);
    return this.#fd;
  }

  #openAgain(): number {
    const fd = openSync(this.#file, OPEN_FLAGS);
    try {
      if (!isSameFile(factsOf(fstatSync(fd, { bigint: true })), this.facts)) throw volumeChanged(this.path);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return fd;
  }

  /** Whether its name still is of the file that was looked at. */
  isStillThere(): boolean {
    const stats = lstatIfThere(fromText(this.#file));
    return stats !== undefined && isSameFile(factsOf(stats), this.facts);
  }

  /**
   * Makes its index in memory, from its directory; in steps. Idempotent.
   *
   * @returns the records, sorted
   * @throws ZipFault where the directory is no good; as node:fs does
   */
  *makeIndex(): Generator<undefined, Buffer> {
    const records = yield* buildIndex(this.open(), this.end);
    this.#index = memoryIndex(records);
    return records;
  }

  /**
   * Calls `onPlace` for each entry whose name has one of the keys, with the position of the key in `keys`, and for some of them perhaps twice.
   * No entry is read: whoever reads one compares its name.
   *
   * @param keys ascending costs the fewest reads
   * @throws as `makeIndex`
   */
  places(keys: readonly NameKey[], onPlace: (position: number, entryOffset: number) => void): void {
    if (this.#index !== undefined) {
      try {
        this.#index.lookup(keys, onPlace);
        return;
      } catch (error) {
        if (!(error instanceof IndexFault)) throw error;
        // What it gave before is given again; whoever compares contents does not mind.
        this.#isSpoiled = true;
      }
    }
    for (const _ of this.makeIndex()) void _;
    this.#index?.lookup(keys, onPlace);
  }

  /**
   * What stands at such a place.
   *
   * @throws ZipFault where it is no entry; as `open`, and as node:fs does
   */
  entryAt(entryOffset: number): DirectoryEntry {
    return readEntryAt(this.open(), this.end, entryOffset);
  }

  /**
   * Calls `onFound` for each member that has the name.
   *
   * @throws as `makeIndex`
   */
  namesakes({ name, key }: Wanted, onFound: (entry: DirectoryEntry) => void): void {
    const places: number[] = [];
    this.places([key], (_, entryOffset) => places.push(entryOffset));
    for (const place of places) {
      const entry = this.entryAt(place);
      if (entry.name === name) onFound(entry);
    }
  }

  /** Idempotent; what was looked at may be looked at again. */
  close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    this.#others.forget(this);
    closeSync(fd);
  }
}

/** Where the index of a full volume stands. */
export const indexPathOf = (base: string, archive: string, number: number): string =>
  join(indexOf(base), archive, `${number}.idx`);

export const volumeChanged = (path: string): EnvironmentError =>
  new EnvironmentError(`${path} was changed by somebody else`, {
    code: 'archive.changed',
    subject: path,
    retryable: true,
    hint: 'archives are written by the scavenger alone while there is something to collect; it tries again',
  });

type Place = { number: number; path: string; file: string; others: OpenVolumes };

function openVolume(
  { number, path, file }: Omit<Place, 'others'>,
  archive: string,
  facts: FileFacts,
  make: (end: DirectoryEnd, fd: number) => Volume,
): Volume | VolumeFault | undefined {
  const fd = openSync(file, OPEN_FLAGS);
  let volume: Volume | undefined;
  try {
    if (!isSameFile(factsOf(fstatSync(fd, { bigint: true })), facts)) throw volumeChanged(path);
    const end = readDirectoryEnd(fd, Number(facts.size));
    if (!isVolume(end.comment, number, nameOf(archive))) return undefined;
    // What is appended would be counted from another place than what is there.
    if (end.baseOffset > 0) throw new ZipFault('has something before its first member');
    volume = make(end, fd);
    return volume;
  } catch (error) {
    if (error instanceof ZipFault) return { number, volume: path, detail: error.message };
    throw error;
  } finally {
    if (volume === undefined) closeSync(fd);
  }
}

/** A zip under the name of the archive itself is its first volume, whoever made it, but for one that says that it is a further one. */
function isVolume(comment: string, number: number, name: string): boolean {
  const found = parseVolumeComment(comment);
  if (number === 1) return found === undefined || found.volume === 1;
  return found?.volume === number && found.of === name;
}
