import { readFully } from './file-window.ts';
import {
  END_BYTES,
  END_SIGNATURE,
  END64_BYTES,
  END64_SIGNATURE,
  ENTRY_SIGNATURE,
  LOCATOR64_BYTES,
  LOCATOR64_SIGNATURE,
  MAX_16,
  MAX_32,
} from './format.ts';
import { ZipFault } from './zip-fault.ts';

/** Where the central directory of a zip file lies, and how much is in it. */
export type DirectoryEnd = {
  entries: number;
  /** From the start of the file. */
  directoryOffset: number;
  directoryBytes: number;
  comment: string;
  /** What lies before the archive, such as the program of one that unpacks itself; what the format's offsets are counted from. */
  baseOffset: number;
};

/** What the records at the end say. */
type Stated = { entries: number; bytes: number; offset: number; disk: number };

/**
 * Finds the end of a zip file and with it its directory. Whether the entries are there is not looked at.
 *
 * @throws ZipFault where it is no zip file, is cut, contradicts itself or is one of several disks; as node:fs does
 */
export function readDirectoryEnd(fd: number, sizeBytes: number): DirectoryEnd {
  const tailOffset = Math.max(0, sizeBytes - END_BYTES - MAX_16 - LOCATOR64_BYTES);
  const tail = Buffer.alloc(sizeBytes - tailOffset);
  if (readFully(fd, tail, tailOffset) < tail.length) throw new ZipFault('became shorter while it was read');
  const at = findEnd(tail);
  const comment = tail.toString('utf8', at + END_BYTES);
  const small = {
    entries: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
    disk: tail.readUInt16LE(at + 4),
  };
  const zip64 = readEnd64(fd, tail.subarray(0, at), tailOffset);
  const stated = zip64 === undefined ? small : merged(small, zip64.stated);
  if (stated.disk !== 0) throw new ZipFault('is one of several disks, which is not supported');
  const behindDirectory = zip64?.recordOffset ?? tailOffset + at;
  const baseOffset = baseOf(fd, stated, behindDirectory);
  const directoryOffset = baseOffset + stated.offset;
  if (directoryOffset + stated.bytes > behindDirectory)
    throw new ZipFault('has a directory that reaches over its own end');
  return { entries: stated.entries, directoryOffset, directoryBytes: stated.bytes, comment, baseOffset };
}

/** The last record whose comment ends with the file. */
function findEnd(tail: Buffer): number {
  for (let at = tail.length - END_BYTES; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    if (at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  throw new ZipFault('has no directory at its end: it is no zip file, or it was cut');
}

/** @param before what lies before the end record, down to its locator at least, where there is one */
function readEnd64(
  fd: number,
  before: Buffer,
  beforeOffset: number,
): { stated: Stated; recordOffset: number } | undefined {
  const at = before.length - LOCATOR64_BYTES;
  if (at < 0 || before.readUInt32LE(at) !== LOCATOR64_SIGNATURE) return undefined;
  const locatorOffset = beforeOffset + at;
  // Where something was put before the archive the locator's number is wrong by as much; then the record lies where it mostly does.
  for (const recordOffset of [exact(before, at + 8), locatorOffset - END64_BYTES]) {
    if (recordOffset < 0 || recordOffset + END64_BYTES > locatorOffset) continue;
    const record = Buffer.alloc(END64_BYTES);
    if (readFully(fd, record, recordOffset) < END64_BYTES) continue;
    if (record.readUInt32LE(0) !== END64_SIGNATURE) continue;
    const stated = {
      entries: exact(record, 32),
      bytes: exact(record, 40),
      offset: exact(record, 48),
      disk: record.readUInt32LE(16),
    };
    return { stated, recordOffset };
  }
  throw new ZipFault('has no zip64 record where it says that there is one');
}

/** A small number is either the escape or the same. */
function merged(small: Stated, large: Stated): Stated {
  const agree =
    (small.entries === MAX_16 || small.entries === large.entries) &&
    (small.bytes === MAX_32 || small.bytes === large.bytes) &&
    (small.offset === MAX_32 || small.offset === large.offset);
  if (!agree) throw new ZipFault('has two ends that say different things of its directory');
  return large;
}

function exact(buffer: Buffer, at: number): number {
  const value = Number(buffer.readBigUInt64LE(at));
  if (!Number.isSafeInteger(value)) throw new ZipFault('says that it is larger than any file');
  return value;
}

/** Mostly 0. Something may have been put before the archive without its offsets being changed. */
function baseOf(fd: number, { entries, bytes, offset }: Stated, behindDirectory: number): number {
  const base = behindDirectory - bytes - offset;
  if (base <= 0 || entries === 0) return 0;
  const signature = Buffer.alloc(4);
  const isThere = readFully(fd, signature, offset) === 4 && signature.readUInt32LE(0) === ENTRY_SIGNATURE;
  return isThere ? 0 : base;
}
