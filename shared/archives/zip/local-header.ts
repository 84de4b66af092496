import type { MemberFacts } from '../contract.ts';
import { toDosTime } from './dos-time.ts';
import { encodeOurs, encodeTime, encodeZip64, isLarge, localExtraBytes, seal } from './extra-fields.ts';
import { FLAGS, LOCAL_BYTES, LOCAL_SIGNATURE, MAX_32, VERSION, VERSION_ZIP64 } from './format.ts';
import { nameBytesOf } from './member-name.ts';

/**
 * The local header of a member, which its data follows at once: with the final sizes and CRC, never with a descriptor behind the data.
 *
 * Written by hand, since no library can do it: yazl puts sizes and CRC behind the data of what it streams, which leaves nothing
 * to recover by when the file is cut, and it can neither append to an archive nor take over members that are packed already.
 *
 * @param stagingRandom of a staging archive: sixteen hex digits
 */
export function encodeLocalHeader(facts: MemberFacts, stagingRandom?: string): Buffer {
  const { method, crc32, sizeBytes, packedBytes, mtimeMs } = facts;
  const name = nameBytesOf(facts.name);
  const large = isLarge(sizeBytes, packedBytes);
  const extra = Buffer.concat([
    encodeZip64(large ? [sizeBytes, packedBytes] : []),
    encodeTime(mtimeMs),
    ...(stagingRandom === undefined ? [] : [encodeOurs(facts, stagingRandom)]),
  ]);
  const fixed = Buffer.alloc(LOCAL_BYTES);
  fixed.writeUInt32LE(LOCAL_SIGNATURE, 0);
  fixed.writeUInt16LE(large ? VERSION_ZIP64 : VERSION, 4);
  fixed.writeUInt16LE(FLAGS.utf8, 6);
  fixed.writeUInt16LE(method, 8);
  fixed.writeUInt32LE(toDosTime(mtimeMs), 10);
  fixed.writeUInt32LE(crc32, 14);
  fixed.writeUInt32LE(large ? MAX_32 : packedBytes, 18);
  fixed.writeUInt32LE(large ? MAX_32 : sizeBytes, 22);
  fixed.writeUInt16LE(name.length, 26);
  fixed.writeUInt16LE(extra.length, 28);
  const header = Buffer.concat([fixed, name, extra]);
  return stagingRandom === undefined ? header : seal(header);
}

/**
 * How long that header is, before CRC, time and hash are known: what is reserved as zeros.
 *
 * @param nameBytes of the name in UTF-8
 * @param packedBytes where they may be more than `sizeBytes`
 */
export const localHeaderBytes = (
  nameBytes: number,
  sizeBytes: number,
  isStaging: boolean,
  packedBytes = 0,
): number => LOCAL_BYTES + nameBytes + localExtraBytes(isLarge(sizeBytes, packedBytes), isStaging);
