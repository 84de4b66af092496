import type { MemberFacts } from '../contract.ts';
import { fromDosTime } from './dos-time.ts';
import { ourFieldOf, parseExtra, timeOf, zip64Values } from './extra-fields.ts';
import { DARWIN, ENTRY_BYTES, ENTRY_SIGNATURE, FLAGS, MAX_32, UNIX } from './format.ts';
import { decodeName } from './member-name.ts';
import type { DirectoryEnd } from './read-end.ts';
import { ZipFault } from './zip-fault.ts';

/** What the central directory says of a member. Of what others made, all is theirs: nothing is judged but that it can be so. */
export type DirectoryEntry = Omit<MemberFacts, 'sha256' | 'method'> & {
  /** By the number of the format: others than those of `METHODS` cannot be read here. */
  method: number;
  /** Of our own field. */
  sha256: Buffer | undefined;
  /** Of our own field in a staging archive, where the seal of the entry holds. */
  random: string | undefined;
  /** Where its local header begins, from the start of the file. */
  headerOffset: number;
  /** From the start of the directory. */
  entryOffset: number;
  entryBytes: number;
  nameBytes: Buffer;
  flags: number;
  isEncrypted: boolean;
  /** Its name ends in a slash, or its mode says so. */
  isDirectory: boolean;
  /** Where the directory begins: no data reaches as far. */
  dataLimit: number;
};

const TYPE_BITS = 0o170000;
const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
const SLASH = 0x2f;
const DOS_DIRECTORY = 0x10;

/** How long the entry is that begins with these bytes; undefined where they are the beginning of none. */
export function entryBytesOf(fixed: Buffer): number | undefined {
  if (fixed.length < ENTRY_BYTES || fixed.readUInt32LE(0) !== ENTRY_SIGNATURE) return undefined;
  return ENTRY_BYTES + fixed.readUInt16LE(28) + fixed.readUInt16LE(30) + fixed.readUInt16LE(32);
}

/**
 * @param bytes the whole entry, and nothing else
 * @throws ZipFault where it cannot be so
 */
export function parseEntry(
  bytes: Buffer,
  entryOffset: number,
  { baseOffset, directoryOffset }: Pick<DirectoryEnd, 'baseOffset' | 'directoryOffset'>,
): DirectoryEntry {
  const [madeBy, flags] = [bytes.readUInt8(5), bytes.readUInt16LE(8)];
  const nameEnd = ENTRY_BYTES + bytes.readUInt16LE(28);
  // A copy: the buffer is read into again.
  const nameBytes = Buffer.from(bytes.subarray(ENTRY_BYTES, nameEnd));
  const fields = parseExtra(bytes.subarray(nameEnd, nameEnd + bytes.readUInt16LE(30)));
  const name = decodeName(nameBytes, { flags, madeBy, fields });
  const ours = ourFieldOf(fields, bytes);
  const sizes = sizesOf(bytes, fields, name);
  const mode = ours?.mode ?? modeOf(bytes.readUInt32LE(38), madeBy, nameBytes.at(-1) === SLASH);
  return {
    name,
    method: bytes.readUInt16LE(10),
    crc32: bytes.readUInt32LE(16),
    sizeBytes: sizes.sizeBytes,
    packedBytes: sizes.packedBytes,
    mtimeMs: ours?.mtimeMs ?? timeOf(fields) ?? fromDosTime(bytes.readUInt32LE(12)),
    mode,
    sha256: ours?.sha256,
    random: ours?.random,
    headerOffset: baseOffset + sizes.headerOffset,
    entryOffset,
    entryBytes: bytes.length,
    nameBytes,
    flags,
    isEncrypted: (flags & (FLAGS.encrypted | FLAGS.strongEncryption | FLAGS.masked)) !== 0,
    isDirectory: nameBytes.at(-1) === SLASH || (mode & TYPE_BITS) === DIRECTORY,
    dataLimit: directoryOffset,
  };
}

type Sizes = { sizeBytes: number; packedBytes: number; headerOffset: number };

/** Each field that has the escape stands in the zip64 field, in this order. */
function sizesOf(bytes: Buffer, fields: ReadonlyMap<number, Buffer>, name: string): Sizes {
  if (bytes.readUInt16LE(34) !== 0 && bytes.readUInt16LE(34) !== 0xffff)
    throw new ZipFault('lies on another disk, which is not supported', { subject: name });
  const values = zip64Values(fields)[Symbol.iterator]();
  const value = (at: number): number => {
    const small = bytes.readUInt32LE(at);
    if (small !== MAX_32) return small;
    const { value: large } = values.next();
    if (large === undefined) throw new ZipFault('has no zip64 field though it needs one', { subject: name });
    return large;
  };
  return { sizeBytes: value(24), packedBytes: value(20), headerOffset: value(42) };
}

function modeOf(attributes: number, madeBy: number, endsInSlash: boolean): number {
  const isDirectory = endsInSlash || (attributes & DOS_DIRECTORY) !== 0;
  const stated = madeBy === UNIX || madeBy === DARWIN ? attributes >>> 16 : 0;
  if (stated === 0) return isDirectory ? DIRECTORY | 0o755 : REGULAR | 0o644;
  // Python's zipfile leaves the type out where it was not given one.
  return (stated & TYPE_BITS) === 0 ? stated | (isDirectory ? DIRECTORY : REGULAR) : stated;
}
