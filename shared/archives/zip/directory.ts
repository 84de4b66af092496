import type { MemberFacts } from '../contract.ts';
import { toDosTime } from './dos-time.ts';
import { encodeOurs, encodeTime, encodeZip64, isLarge, seal } from './extra-fields.ts';
import {
  END_BYTES,
  END_SIGNATURE,
  END64_BYTES,
  END64_SIGNATURE,
  ENTRY_BYTES,
  ENTRY_SIGNATURE,
  FLAGS,
  LOCATOR64_BYTES,
  LOCATOR64_SIGNATURE,
  MAX_16,
  MAX_32,
  UNIX,
  VERSION,
  VERSION_ZIP64,
} from './format.ts';
import { nameBytesOf } from './member-name.ts';

const MADE_BY = (UNIX << 8) | VERSION_ZIP64;

/**
 * The entry of a member in the central directory.
 *
 * @param headerOffset where its local header begins
 * @param stagingRandom of a staging archive: sixteen hex digits
 */
export function encodeDirectoryEntry(
  facts: MemberFacts,
  headerOffset: number,
  stagingRandom?: string,
): Buffer {
  const { method, crc32, sizeBytes, packedBytes, mtimeMs, mode } = facts;
  const name = nameBytesOf(facts.name);
  const large = isLarge(sizeBytes, packedBytes);
  const isFar = isLarge(headerOffset);
  const extra = Buffer.concat([
    encodeZip64([...(large ? [sizeBytes, packedBytes] : []), ...(isFar ? [headerOffset] : [])]),
    encodeTime(mtimeMs),
    encodeOurs(facts, stagingRandom),
  ]);
  const fixed = Buffer.alloc(ENTRY_BYTES);
  fixed.writeUInt32LE(ENTRY_SIGNATURE, 0);
  fixed.writeUInt16LE(MADE_BY, 4);
  fixed.writeUInt16LE(large || isFar ? VERSION_ZIP64 : VERSION, 6);
  fixed.writeUInt16LE(FLAGS.utf8, 8);
  fixed.writeUInt16LE(method, 10);
  fixed.writeUInt32LE(toDosTime(mtimeMs), 12);
  fixed.writeUInt32LE(crc32, 16);
  fixed.writeUInt32LE(large ? MAX_32 : packedBytes, 20);
  fixed.writeUInt32LE(large ? MAX_32 : sizeBytes, 24);
  fixed.writeUInt16LE(name.length, 28);
  fixed.writeUInt16LE(extra.length, 30);
  fixed.writeUInt32LE((mode << 16) >>> 0, 38);
  fixed.writeUInt32LE(isFar ? MAX_32 : headerOffset, 42);
  const entry = Buffer.concat([fixed, name, extra]);
  return stagingRandom === undefined ? entry : seal(entry);
}

export type DirectoryEndFacts = {
  entries: number;
  directoryBytes: number;
  directoryOffset: number;
  comment: string;
};

/**
 * What follows the entries and ends the file: the zip64 record and its locator where a number is too large, then the record that every
 * reader looks for.
 */
export function encodeDirectoryEnd(facts: DirectoryEndFacts): Buffer {
  const { entries, directoryBytes, directoryOffset } = facts;
  const comment = Buffer.from(facts.comment, 'utf8');
  if (comment.length > MAX_16) throw new Error('the comment of a zip file is too long');
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END_SIGNATURE, 0);
  end.writeUInt16LE(Math.min(entries, MAX_16), 8);
  end.writeUInt16LE(Math.min(entries, MAX_16), 10);
  end.writeUInt32LE(isLarge(directoryBytes) ? MAX_32 : directoryBytes, 12);
  end.writeUInt32LE(isLarge(directoryOffset) ? MAX_32 : directoryOffset, 16);
  end.writeUInt16LE(comment.length, 20);
  const needsZip64 = entries >= MAX_16 || isLarge(directoryBytes, directoryOffset);
  return Buffer.concat([...(needsZip64 ? [encodeEnd64(facts)] : []), end, comment]);
}

function encodeEnd64({ entries, directoryBytes, directoryOffset }: DirectoryEndFacts): Buffer {
  const record = Buffer.alloc(END64_BYTES + LOCATOR64_BYTES);
  record.writeUInt32LE(END64_SIGNATURE, 0);
  // Of what follows this number.
  record.writeBigUInt64LE(BigInt(END64_BYTES - 12), 4);
  record.writeUInt16LE(MADE_BY, 12);
  record.writeUInt16LE(VERSION_ZIP64, 14);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(directoryBytes), 40);
  record.writeBigUInt64LE(BigInt(directoryOffset), 48);
  record.writeUInt32LE(LOCATOR64_SIGNATURE, END64_BYTES);
  record.writeBigUInt64LE(BigInt(directoryOffset + directoryBytes), END64_BYTES + 8);
  // How many volumes of the format's own kind there are, one.
  record.writeUInt32LE(1, END64_BYTES + 16);
  return record;
}
