import { closeSync, constants, openSync } from 'node:fs';
import { type BytePath, toBytes } from '../fs/byte-path.ts';
import { lastErrno, lazily, systemCall } from './libc.ts';
import { systemCallError } from './system-call-error.ts';

/** What the directory says a name is; some file systems do not say. */
export type EntryType = 'file' | 'directory' | 'other' | 'unknown';

/** At least 230 names of the greatest length, some 2,000 of ordinary ones: about a millisecond's work. */
const BLOCK_BYTES = 64 * 1024;

const OPEN_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

// struct linux_dirent64 { u64 ino; s64 off; u16 length; u8 type; char name[]; }, the name ended by NUL.
const LENGTH_AT = 16;
const TYPE_AT = 18;
const NAME_AT = 19;

const DT_UNKNOWN = 0;
const DT_DIR = 4;
const DT_REG = 8;

const DOT = 0x2e;

type Getdents = (fd: number, block: Buffer, bytes: number) => number;

const getdents = lazily(
  (): Getdents => systemCall('long', 'getdents64', 'int, void*, size_t', { x64: 217, arm64: 61 }),
);

/**
 * Reads the names in one directory a block at a time, in the order of the file system and as bytes. Its
 * memory does not grow with the directory.
 *
 * Not `node:fs`'s `Dir`: where the file system does not tell types, that one looks names up as UTF-8, and
 * loses the rest of a block when one of them has vanished.
 */
export class DirectoryReader implements Disposable {
  readonly #fd: number;
  #closed = false;

  /**
   * Opens it, never through a symlink.
   *
   * @throws as node:fs does: ENOENT, ENOTDIR (also of a symlink), EACCES, EMFILE, …
   */
  constructor(directory: BytePath) {
    this.#fd = openSync(toBytes(directory), OPEN_FLAGS);
  }

  /**
   * Gives the next block's names to `onEntry`, without `.` and `..`. What comes or goes meanwhile may be
   * given or not; all else is given once.
   *
   * @param onEntry must not read another block, of this or any directory: all share one buffer
   * @returns false at the end
   */
  readBlock(onEntry: (name: string, type: EntryType) => void): boolean {
    const length = getdents()(this.#fd, BLOCK, BLOCK_BYTES);
    if (length < 0) throw systemCallError(lastErrno(), 'getdents64');
    for (let at = 0; at < length; at += BLOCK.readUInt16LE(at + LENGTH_AT)) {
      const from = at + NAME_AT;
      const to = BLOCK.indexOf(0, from);
      if (BLOCK[from] === DOT && (to === from + 1 || (to === from + 2 && BLOCK[from + 1] === DOT))) continue;
      onEntry(BLOCK.toString('latin1', from, to), typeOf(BLOCK[at + TYPE_AT]));
    }
    return length > 0;
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }
}

/** One for all readers: a block is passed on whole before the next call. */
const BLOCK = Buffer.allocUnsafeSlow(BLOCK_BYTES);

function typeOf(type: number | undefined): EntryType {
  switch (type) {
    case DT_UNKNOWN:
      return 'unknown';
    case DT_DIR:
      return 'directory';
    case DT_REG:
      return 'file';
    default:
      return 'other';
  }
}
