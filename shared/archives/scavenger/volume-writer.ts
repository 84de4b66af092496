import { chmodSync, constants, ftruncateSync, openSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import type { MemberFacts } from '../contract.ts';
import { nameOf } from '../volumes/archive-name.ts';
import { type Volume, volumeChanged } from '../volumes/volume.ts';
import { parseVolumeComment, volumeComment } from '../volumes/volume-comment.ts';
import { encodeDirectoryEntry } from '../zip/directory.ts';
import { readFully } from '../zip/file-window.ts';
import { END_BYTES } from '../zip/format.ts';
import { encodeLocalHeader } from '../zip/local-header.ts';
import { AppendedFile } from './appended-file.ts';
import { keepAttributes } from './keep-attributes.ts';
import { encodeEnd, rawComment } from './raw-end.ts';
import type { Slabs } from './slabs.ts';

/** What is copied of a directory at once. */
const CHUNK_BYTES = 64 * 1024;

/** A volume to be: which one, and what there is of it already. */
export type NextVolume = {
  base: string;
  archive: string;
  number: number;
  /** Below the base. */
  path: string;
  previous: Volume | undefined;
};

/** Used for one volume after the other: made for each, it would be garbage faster than V8 looks for it. */
export type WriterMemory = {
  /** In which small pieces are put together before they are written. */
  buffer: Buffer;
  entries: Slabs;
};

/**
 * Writes a volume anew in the lease's directory: what there was up to its directory (as a reflink where the file system can), then new
 * members, then both directories. What others put into a zip stays as it is, byte for byte.
 */
export class VolumeWriter {
  readonly file: string;
  readonly #next: NextVolume;
  readonly #out: AppendedFile;
  readonly #entries: Slabs;
  #members = 0;

  private constructor(file: string, next: NextVolume, out: AppendedFile, entries: Slabs) {
    this.file = file;
    this.#next = next;
    this.#out = out;
    this.#entries = entries;
    entries.clear();
  }

  /**
   * @param file must not be there yet
   * @param memory the writer's own until it is closed
   * @throws as node:fs does; EnvironmentError `archive.changed`
   */
  static async begin(file: string, next: NextVolume, memory: WriterMemory): Promise<VolumeWriter> {
    const { path, previous } = next;
    const { buffer, entries } = memory;
    if (previous === undefined)
      return new VolumeWriter(file, next, new AppendedFile(openSync(file, 'wx+'), 0, buffer), entries);
    const { directoryOffset } = previous.end;
    // By its descriptor: under its name there may be a pipe or a link by now.
    const from = `/proc/self/fd/${previous.open()}`;
    await copyFile(from, file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if (statSync(file).size !== previous.sizeBytes) throw volumeChanged(path);
    // The copy has the mode of what was copied, which we may not be allowed to write to.
    chmodSync(file, 0o600);
    const fd = openSync(file, 'r+');
    const writer = new VolumeWriter(file, next, new AppendedFile(fd, directoryOffset, buffer), entries);
    ftruncateSync(fd, directoryOffset);
    return writer;
  }

  get members(): number {
    return this.#members;
  }

  /** How large the file would be at least if it ended here: never more, so that one that counts as full is. */
  get sizeBytes(): number {
    const { end } = this.#next.previous ?? {};
    const directoryBytes = (end?.directoryBytes ?? 0) + this.#entries.sizeBytes;
    return this.#out.sizeBytes + directoryBytes + END_BYTES;
  }

  /** @param data packed, as many bytes as `facts` says */
  async add(facts: MemberFacts, data: Iterable<Buffer>): Promise<void> {
    const entry = encodeDirectoryEntry(facts, this.#out.sizeBytes);
    await this.#out.append(encodeLocalHeader(facts));
    for (const piece of data) await this.#out.append(piece);
    this.#entries.keep(entry);
    this.#members += 1;
  }

  /** Ends the file. When it returns its bytes are durable, and it is closed. */
  async finish(): Promise<void> {
    const { previous } = this.#next;
    const directoryOffset = this.#out.sizeBytes;
    if (previous !== undefined) await this.#appendDirectoryOf(previous);
    for (const entries of this.#entries.pieces()) await this.#out.append(entries);
    const end = {
      entries: (previous?.end.entries ?? 0) + this.#members,
      directoryOffset,
      directoryBytes: this.#out.sizeBytes - directoryOffset,
    };
    await this.#out.append(encodeEnd(end, this.#comment()));
    if (previous !== undefined) keepAttributes(previous.open(), this.#out.fd);
    await this.#out.finish();
  }

  /** Idempotent; what was written stays where it is. */
  close(): void {
    this.#out.close();
  }

  async #appendDirectoryOf(previous: Volume): Promise<void> {
    const { directoryOffset, directoryBytes } = previous.end;
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, directoryBytes));
    for (let done = 0; done < directoryBytes; ) {
      const piece = chunk.subarray(0, directoryBytes - done);
      if (readFully(previous.open(), piece, directoryOffset + done) < piece.length)
        throw volumeChanged(previous.path);
      await this.#out.append(piece);
      done += piece.length;
    }
  }

  /** A zip that somebody else made keeps what he wrote. */
  #comment(): Buffer {
    const { previous, number, archive } = this.#next;
    const before = previous === undefined ? undefined : rawComment(previous.open(), previous.sizeBytes);
    const isForeign =
      number === 1 &&
      before !== undefined &&
      before.length > 0 &&
      parseVolumeComment(before.toString()) === undefined;
    return isForeign ? before : Buffer.from(volumeComment(number, nameOf(archive)));
  }
}
