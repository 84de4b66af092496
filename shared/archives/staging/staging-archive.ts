import { fsyncSync, writeSync } from 'node:fs';
import { fromText } from '../../fs/byte-path.ts';
import { fsyncDirectory } from '../../fs/durable.ts';
import type { ArchiveCrashPoints, Compression, MemberFacts } from '../contract.ts';
import { KeptBytes } from '../kept-bytes.ts';
import { inboxOf } from '../places.ts';
import { encodeDirectoryEnd, encodeDirectoryEntry } from '../zip/directory.ts';
import { encodeLocalHeader, localHeaderBytes } from '../zip/local-header.ts';
import { contentBytes, type Deposit, memberNameOf } from './deposit.ts';
import { writeWhole } from './file-calls.ts';
import type { Packed } from './pack.ts';
import { StagingFile, type StagingFileOptions } from './staging-file.ts';
import { writeStreamed } from './write-streamed.ts';

export type StagingArchiveOptions = StagingFileOptions & {
  compression: Compression;
  crash: ArchiveCrashPoints;
};

/** What a group has added to the file: its entries of the directory, and where it ends. */
type Group = { facts: readonly MemberFacts[]; entries: Buffer; endsAt: number };

/**
 * The staging archive that is being written: groups of members, each durable and acknowledged before the next, and the directory when
 * it is closed. See docs/archives.md, A deposit. One call at a time.
 */
export class StagingArchive {
  readonly #options: StagingArchiveOptions;
  readonly #file: StagingFile;
  /** Of what is acknowledged. */
  #sizeBytes = 0;
  #members = 0;
  readonly #entries: Buffer[] = [];
  readonly #kept = new KeptBytes();
  /** Written, and not yet acknowledged. */
  #pending: Group | undefined;
  /** Some of it may be on its way to the file, on another thread. */
  #isInHand = false;
  #isBroken = false;

  private constructor(options: StagingArchiveOptions, file: StagingFile) {
    this.#options = options;
    this.#file = file;
  }

  /** @throws as `StagingFile.create` */
  static async create(options: StagingArchiveOptions): Promise<StagingArchive> {
    const archive = new StagingArchive(options, await StagingFile.create(options));
    options.crash.reach('staging.created');
    return archive;
  }

  get stem(): string {
    return this.#file.stem;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get members(): number {
    return this.#members;
  }

  /** Something failed after which its end cannot be trusted: what is acknowledged is safe, and nothing may be added. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /**
   * Writes members one behind the other.
   *
   * @returns false where a scavenger has taken the file meanwhile, and the whole group must be written again elsewhere
   * @throws as write, fdatasync and rename do: nothing of the group counts, and it is cut off again unless `isBroken`
   */
  append(members: readonly Packed[]): Promise<boolean> {
    return this.#commit(async () => {
      const pieces: Buffer[] = [];
      const entries: Buffer[] = [];
      let endsAt = this.#sizeBytes;
      for (const { facts, data } of members) {
        const header = encodeLocalHeader(facts, this.#file.random);
        entries.push(encodeDirectoryEntry(facts, endsAt, this.#file.random));
        pieces.push(header, data);
        endsAt += header.length + data.length;
      }
      await writeWhole(this.#options.calls, this.#file.fd, Buffer.concat(pieces), this.#sizeBytes);
      return { facts: members.map(({ facts }) => facts), entries: Buffer.concat(entries), endsAt };
    });
  }

  /**
   * The same for one content that is too large for memory. Its header is written last: before that it is a hole, which reads as zeros.
   *
   * @param isOurs asked from time to time, since this may take long: false ends it
   * @returns what it was found to be, and undefined where the file was taken
   */
  async appendStreamed(deposit: Deposit, isOurs: () => Promise<boolean>): Promise<MemberFacts | undefined> {
    const { calls, compression } = this.#options;
    const { fd, random } = this.#file;
    const startsAt = this.#sizeBytes;
    const nameBytes = Buffer.byteLength(memberNameOf(deposit.to));
    const headerBytes = localHeaderBytes(nameBytes, contentBytes(deposit.content), true);
    const dataOffset = startsAt + headerBytes;
    let written: MemberFacts | undefined;
    const onChunk = async (): Promise<void> => {
      if (!(await isOurs())) throw new TakenMeanwhile();
    };
    const writing = this.#commit(async () => {
      const facts = await writeStreamed({ calls, fd, dataOffset, onChunk }, deposit, compression);
      written = facts;
      const header = encodeLocalHeader(facts, random);
      if (header.length !== headerBytes)
        throw new Error('a local header has another length than was reserved');
      await writeWhole(calls, fd, header, startsAt);
      const entries = encodeDirectoryEntry(facts, startsAt, random);
      return { facts: [facts], entries, endsAt: dataOffset + facts.packedBytes };
    });
    const isAcknowledged = await writing.catch((error: unknown) => {
      if (error instanceof TakenMeanwhile) return false;
      throw error;
    });
    return isAcknowledged ? written : undefined;
  }

  /** Says that its writer lives: see `append` for what it returns. */
  beat(): Promise<boolean> {
    return this.#file.turn();
  }

  /**
   * Writes the directory and renames the file to a closed one. What was acknowledged is safe whatever happens here: without a directory it
   * is renamed to a taken one, which is read by its local headers. One that holds nothing is removed. What cannot be renamed is left over.
   *
   * @throws what stood in the way of the directory or the rename, when all was done that could be
   */
  async close(): Promise<void> {
    this.#isInHand = true;
    let failure: { error: unknown } | undefined;
    try {
      if (this.#members === 0) await this.#giveUp('removed', () => this.#file.remove());
      else {
        if (!this.#isBroken) failure = await this.#writeDirectory();
        this.#options.crash.reach('staging.directory-written');
        const state = this.#isBroken || failure !== undefined ? 'taken' : 'closed';
        await this.#giveUp(state, () => this.#file.finish(state));
        this.#options.crash.reach('staging.closed');
      }
    } finally {
      await this.#options.calls.close(this.#file.fd);
    }
    if (failure !== undefined) throw failure.error;
  }

  /** Lets go of a file that seems to be a scavenger's by now. */
  async release(): Promise<void> {
    this.#isInHand = true;
    await this.#giveUp(this.#members === 0 ? 'removed' : 'taken', () => Promise.resolve(false));
    await this.#options.calls.close(this.#file.fd);
  }

  /**
   * The same as `close`, at once, for a process that exits. A group that is written whole is in it, too. Where bytes are still on
   * their way, the file is left as it is: whoever finds its writer dead recovers it.
   *
   * @throws as write, fsync and rename do
   */
  closeNow(): void {
    if (this.#isInHand || this.#isBroken) return;
    const { fd } = this.#file;
    const { endsAt, directory } = this.#directory();
    for (let written = 0; written < directory.length; )
      written += writeSync(fd, directory, written, directory.length - written, endsAt + written);
    fsyncSync(fd);
    this.#file.finishNow();
    fsyncDirectory(fromText(inboxOf(this.#options.base)));
    this.#isInHand = true;
  }

  /** Where its name is gone or cannot be changed it is asked for later: it may be there again, and be ours. */
  async #giveUp(as: 'closed' | 'taken' | 'removed', attempt: () => Promise<boolean>): Promise<void> {
    const file = this.#file;
    let isDone = false;
    try {
      isDone = await attempt();
    } finally {
      if (!isDone) this.#options.leftovers.keep(() => file.settle(as));
    }
  }

  async #commit(write: () => Promise<Group>): Promise<boolean> {
    const { calls, crash } = this.#options;
    let group: Group;
    this.#isInHand = true;
    try {
      group = await write();
      this.#isInHand = false;
    } catch (error) {
      await this.#cutOff();
      this.#isInHand = false;
      throw error;
    }
    this.#pending = group;
    try {
      crash.reach('staging.written');
      await calls.fdatasync(this.#file.fd);
      crash.reach('staging.durable');
      if (!(await this.#file.turn())) return false;
    } catch (error) {
      // What the disk has of it now nobody knows, nor which name it has: nothing more is written behind it.
      this.#isBroken = true;
      await this.#cutOff();
      throw error;
    } finally {
      this.#pending = undefined;
    }
    this.#sizeBytes = group.endsAt;
    this.#members += group.facts.length;
    this.#entries.push(this.#kept.keep(group.entries));
    crash.reach('staging.acknowledged');
    return true;
  }

  async #cutOff(): Promise<void> {
    await this.#options.calls.truncate(this.#file.fd, this.#sizeBytes).catch(() => {
      this.#isBroken = true;
    });
  }

  async #writeDirectory(): Promise<{ error: unknown } | undefined> {
    const { calls } = this.#options;
    const { fd } = this.#file;
    const { endsAt, directory } = this.#directory();
    try {
      await writeWhole(calls, fd, directory, endsAt);
      await calls.fsync(fd);
    } catch (error) {
      await this.#cutOff();
      return { error };
    }
    return undefined;
  }

  #directory(): { endsAt: number; directory: Buffer } {
    const entries = this.#pending === undefined ? this.#entries : [...this.#entries, this.#pending.entries];
    const endsAt = this.#pending?.endsAt ?? this.#sizeBytes;
    const members = this.#members + (this.#pending?.facts.length ?? 0);
    const directoryBytes = entries.reduce((sum, { length }) => sum + length, 0);
    const end = encodeDirectoryEnd({
      entries: members,
      directoryBytes,
      directoryOffset: endsAt,
      comment: '',
    });
    return { endsAt, directory: Buffer.concat([...entries, end]) };
  }
}

/** Ends the writing of what nobody would acknowledge; never seen outside. */
class TakenMeanwhile extends Error {}
