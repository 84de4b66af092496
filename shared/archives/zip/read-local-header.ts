import { METHODS } from '../contract.ts';
import { fromDosTime } from './dos-time.ts';
import { type OurField, ourFieldOf, parseExtra, timeOf, zip64Values } from './extra-fields.ts';
import { FileWindow } from './file-window.ts';
import { FLAGS, LOCAL_BYTES, LOCAL_SIGNATURE, MAX_16, MAX_32 } from './format.ts';
import type { DirectoryEntry } from './read-entry.ts';
import { ZipFault } from './zip-fault.ts';

/** What a local header says. Sizes and CRC are zero, or anything, where a descriptor follows the data. */
export type LocalHeader = {
  headerBytes: number;
  flags: number;
  method: number;
  crc32: number;
  sizeBytes: number;
  packedBytes: number;
  mtimeMs: number;
  nameBytes: Buffer;
  ours: OurField | undefined;
};

/** The local header that begins with these bytes; undefined where none does, or where they end before it. */
export function parseLocalHeader(bytes: Buffer): LocalHeader | undefined {
  if (bytes.length < LOCAL_BYTES || bytes.readUInt32LE(0) !== LOCAL_SIGNATURE) return undefined;
  const nameEnd = LOCAL_BYTES + bytes.readUInt16LE(26);
  const headerBytes = nameEnd + bytes.readUInt16LE(28);
  if (bytes.length < headerBytes) return undefined;
  const fields = parseExtra(bytes.subarray(nameEnd, headerBytes));
  const ours = ourFieldOf(fields, bytes.subarray(0, headerBytes));
  const values = zip64Values(fields);
  const [packed, size] = [bytes.readUInt32LE(18), bytes.readUInt32LE(22)];
  // Both stand there, also where only one needs it.
  const [large = size, largePacked = packed] = values;
  return {
    headerBytes,
    flags: bytes.readUInt16LE(6),
    method: bytes.readUInt16LE(8),
    crc32: bytes.readUInt32LE(14),
    sizeBytes: size === MAX_32 ? large : size,
    packedBytes: packed === MAX_32 ? largePacked : packed,
    mtimeMs: ours?.mtimeMs ?? timeOf(fields) ?? fromDosTime(bytes.readUInt32LE(10)),
    nameBytes: Buffer.from(bytes.subarray(LOCAL_BYTES, nameEnd)),
    ours,
  };
}

/** A header with a name and extra fields as long as can be. */
export const MAX_LOCAL_BYTES = LOCAL_BYTES + 2 * MAX_16;

/** Most are no longer. */
const ONE_HEADER_BYTES = 512;

/**
 * Where the data of a member begins, after its local header was compared with the directory.
 *
 * @throws ZipFault where they say different things, or the data would reach into the directory; as node:fs does
 */
export function dataOffsetOf(fd: number, entry: DirectoryEntry): number {
  const window = new FileWindow(fd, entry.dataLimit, ONE_HEADER_BYTES);
  const fixed = window.at(entry.headerOffset, LOCAL_BYTES);
  const bytes =
    fixed.length < LOCAL_BYTES ? 0 : LOCAL_BYTES + fixed.readUInt16LE(26) + fixed.readUInt16LE(28);
  const header = parseLocalHeader(window.at(entry.headerOffset, bytes));
  if (header === undefined)
    throw new ZipFault('has no local header where the directory says', { subject: entry.name });
  const different = differenceOf(entry, header);
  if (different !== undefined)
    throw new ZipFault(`has another ${different} in its local header than in the directory`, {
      subject: entry.name,
    });
  const dataOffset = entry.headerOffset + header.headerBytes;
  if (dataOffset + entry.packedBytes > entry.dataLimit)
    throw new ZipFault('has data that reaches into the directory', { subject: entry.name });
  return dataOffset;
}

/** What matters to a reader. Extra fields and times differ in what many programs write. */
function differenceOf(entry: DirectoryEntry, header: LocalHeader): string | undefined {
  if ((entry.flags & FLAGS.masked) === 0 && !header.nameBytes.equals(entry.nameBytes)) return 'name';
  if (header.method !== entry.method) return 'method';
  if ((header.flags & ENCRYPTION) !== (entry.flags & ENCRYPTION)) return 'encryption';
  if ((header.flags & (FLAGS.descriptor | FLAGS.masked)) !== 0) return undefined;
  if (header.crc32 !== entry.crc32) return 'CRC';
  if (header.sizeBytes !== entry.sizeBytes || header.packedBytes !== entry.packedBytes) return 'size';
  return undefined;
}

const ENCRYPTION = FLAGS.encrypted | FLAGS.strongEncryption;

/** Why the content of a member cannot be read here, though nothing is wrong with it; the end of a sentence that begins with its name. */
export function unreadable({ isEncrypted, method }: DirectoryEntry): string | undefined {
  if (isEncrypted) return 'is encrypted, which is not supported';
  return method === METHODS.store || method === METHODS.deflate
    ? undefined
    : `is packed by method ${method}, which is not supported`;
}
