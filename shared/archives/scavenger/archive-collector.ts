import * as fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ArchiveCrashPoints, ArchiveEvent } from '../contract.ts';
import { syncDirectory } from '../staging/file-calls.ts';
import { beside, directoryOf, nameOf } from '../volumes/archive-name.ts';
import { ArchiveSet } from '../volumes/archive-set.ts';
import { Volume, volumeChanged } from '../volumes/volume.ts';
import { VolumeListing } from '../volumes/volume-listing.ts';
import { volumeName } from '../volumes/volume-name.ts';
import { ZipFault } from '../zip/zip-fault.ts';
import { ArchiveDirectories } from './archive-directory.ts';
import type { Breath } from './breath.ts';
import type { CollectedList } from './collected.ts';
import { directoryCalls } from './directory-calls.ts';
import { escapeControls } from './escape-controls.ts';
import type { ScavengerLease } from './lease.ts';
import { PackedData } from './packed-data.ts';
import { type Plan, type PlannedMembers, plan } from './plan.ts';
import { publish } from './publish.ts';
import { Slabs } from './slabs.ts';
import { makeIndex } from './volume-index.ts';
import { type NextVolume, VolumeWriter } from './volume-writer.ts';

const fsync = promisify(fs.fsync);

/** What is written at once. */
const WRITTEN_BYTES = 1024 ** 2;

const SPOILED =
  'is not what the archive says of it; it was deposited again, and that content is there under another name';

export type CollectorOptions = {
  base: string;
  lease: ScavengerLease;
  /** A volume of this size is full. */
  volumeBytes: number;
  breath: Breath;
  crash: ArchiveCrashPoints;
  onEvent(event: ArchiveEvent): void;
};

/** What became of the members of a round in one archive. */
export type Stored = { members: number; bytes: number; duplicates: number; versions: number };

/**
 * Whoever published what is found to be there may have died before it was durable, and its staging archive is to go. A volume of
 * somebody else's may never have been.
 *
 * @throws EnvironmentError `archive.changed` where another file has the volume's name by now; as node:fs does
 */
async function makeDurable(base: string, archive: string, volumes: ReadonlySet<Volume>): Promise<void> {
  for (const volume of volumes) {
    await fsync(volume.open());
    if (!volume.isStillThere()) throw volumeChanged(volume.path);
  }
  if (volumes.size > 0) await syncDirectory(directoryCalls, join(base, directoryOf(archive)));
}

/** Stores what is new in archives, one archive after the other; in the order of their names, for the fewest looks at directories. */
export class ArchiveCollector {
  readonly #options: CollectorOptions;
  readonly #listing: VolumeListing;
  readonly #directories: ArchiveDirectories;
  readonly #memory = { buffer: Buffer.allocUnsafeSlow(WRITTEN_BYTES), entries: new Slabs() };
  #hasIndexed = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#listing = new VolumeListing(options.base);
    this.#directories = new ArchiveDirectories(options.base);
  }

  /** Whether an index was written. */
  get hasIndexed(): boolean {
    return this.#hasIndexed;
  }

  /**
   * When it returns, each of the members is in the archive, durable, once. Where it throws, some may be.
   *
   * @throws LeaseLostError; EnvironmentError; as node:fs does: ENOSPC, …
   */
  async collect(archive: string, members: CollectedList): Promise<Stored> {
    const { base, onEvent } = this.#options;
    this.#directories.make(archive);
    const set = ArchiveSet.open(base, archive, this.#listing);
    try {
      await this.#makeIndexes(archive, set, ({ hasIndex }) => !hasIndex);
      const { stored, duplicates, holding, spoiled } = await this.#plan(archive, set, members);
      for (const { volume, detail } of set.faults) onEvent({ event: 'archive.bad_volume', volume, detail });
      await makeDurable(base, archive, holding);
      const bytes = await this.#store(archive, set, stored);
      for (const { volume, storedAs } of spoiled)
        onEvent({ event: 'archive.damaged', file: volume, detail: `${escapeControls(storedAs)} ${SPOILED}` });
      let versions = 0;
      for (const { storedAs, member } of stored.versions()) {
        versions += 1;
        onEvent({ event: 'archive.version', archive, member: member.name, storedAs });
      }
      return { members: stored.length, bytes, duplicates, versions };
    } finally {
      set.close();
    }
  }

  /** Planned again without it where a volume that is to hold something turned out to be no good: readers may not find it there. */
  async #plan(archive: string, set: ArchiveSet, members: CollectedList): Promise<Plan> {
    for (;;) {
      const planned = await plan(set, members, this.#options.breath);
      await this.#makeIndexes(archive, set, ({ hasSpoiledIndex }) => hasSpoiledIndex);
      if ([...planned.holding].every((volume) => set.readable.includes(volume))) return planned;
    }
  }

  /** Of volumes that a crash left without one, and of the one that grows. */
  async #makeIndexes(archive: string, set: ArchiveSet, isWanted: (volume: Volume) => boolean): Promise<void> {
    const { base, lease, breath } = this.#options;
    for (const volume of set.readable.filter(isWanted)) {
      const isFull = volume !== this.#currentOf(set);
      try {
        await makeIndex(volume, { base, archive, isFull }, lease, breath);
        this.#hasIndexed ||= isFull;
        if (isFull) volume.close();
      } catch (error) {
        if (!(error instanceof ZipFault)) throw error;
        set.drop(volume, error);
      }
    }
  }

  /** The one that grows; undefined where the next member begins a new one. */
  #currentOf(set: ArchiveSet): Volume | undefined {
    const last = set.readable.at(-1);
    const isLast = last !== undefined && set.faults.every(({ number }) => number < last.number);
    return isLast && last.sizeBytes < this.#options.volumeBytes ? last : undefined;
  }

  /** @returns how many bytes their contents have */
  async #store(archive: string, set: ArchiveSet, stored: PlannedMembers): Promise<number> {
    const { base } = this.#options;
    const data = new PackedData(base);
    try {
      let bytes = 0;
      let previous = this.#currentOf(set);
      let number = previous?.number ?? set.nextNumber();
      for (let from = 0; from < stored.length; ) {
        const path = beside(archive, volumeName(nameOf(archive), number));
        const next = { base, archive, number, path, previous };
        const written = await this.#write(next, stored, from, data);
        from += written.members;
        bytes += written.bytes;
        previous = undefined;
        number = set.nextNumber();
      }
      return bytes;
    } finally {
      data.close();
    }
  }

  /** @returns how many of the members it took, and the bytes of their contents */
  async #write(
    next: NextVolume,
    stored: PlannedMembers,
    from: number,
    data: PackedData,
  ): Promise<{ members: number; bytes: number }> {
    const { lease, breath, crash, volumeBytes, onEvent } = this.#options;
    const file = join(lease.directory, 'volume.zip');
    let writer: VolumeWriter | undefined;
    let bytes = 0;
    try {
      writer = await VolumeWriter.begin(file, next, this.#memory);
      do {
        const planned = stored.at(from + writer.members);
        if (planned === undefined) break;
        await writer.add({ ...planned.member, name: planned.storedAs }, data.of(planned));
        bytes += planned.member.sizeBytes;
        if (breath.isDue) await breath.take();
      } while (writer.sizeBytes < volumeBytes);
      data.check();
      await writer.finish();
      crash.reach('scavenge.written');
      await publish(file, next, lease, crash);
      const { archive, path } = next;
      onEvent({ event: 'archive.published', archive, volume: path, members: writer.members, bytes });
    } catch (error) {
      writer?.close();
      unlinkIfPossible(file);
      throw lease.explain(error);
    }
    await this.#wasPublished(next);
    return { members: writer.members, bytes };
  }

  async #wasPublished({ base, archive, number, path, previous }: NextVolume): Promise<void> {
    const { lease, breath, crash, volumeBytes } = this.#options;
    if (previous === undefined) this.#listing.add(path);
    const volume = Volume.look(base, archive, number);
    if (!(volume instanceof Volume)) return;
    try {
      if (volume.sizeBytes < volumeBytes) return;
      await makeIndex(volume, { base, archive, isFull: true }, lease, breath);
      this.#hasIndexed = true;
      crash.reach('scavenge.indexed');
    } finally {
      volume.close();
    }
  }
}

/** Space that is short may be wanted by others. Where it cannot be freed, the error in hand is what counts. */
function unlinkIfPossible(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // It goes with the lease's directory.
  }
}
