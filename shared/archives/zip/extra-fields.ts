import { crc32 } from 'node:zlib';
import { ZIP64_FROM_BYTES } from './format.ts';

/** The extra fields that we write, by their numbers: see docs/archives.md. */
const ZIP64 = 0x0001;
const TIME = 0x5455;
const OURS = 0x6857;

const OURS_VERSION = 1;
const OURS_BYTES = 45;
const OURS_STAGING_BYTES = 57;
const TIME_BYTES = 5;
const HAS_MTIME = 1;

/** What our own field says of a member; `random`, sixteen hex digits, in a staging archive only. */
export type OurField = { sha256: Buffer; mtimeMs: number; mode: number; random: string | undefined };

export const isLarge = (...bytes: number[]): boolean => bytes.some((value) => value >= ZIP64_FROM_BYTES);

/** @param values those whose own fields say that they are here, in the order of the format */
export function encodeZip64(values: readonly number[]): Buffer {
  if (values.length === 0) return Buffer.alloc(0);
  const field = fieldOf(ZIP64, values.length * 8);
  for (const [index, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + index * 8);
  return field;
}

/**
 * Info-ZIP's time. Always as long: where 32 bits cannot hold the time the flag that says that there is one is missing, since the length
 * of a local header is needed before the time is known.
 */
export function encodeTime(mtimeMs: number): Buffer {
  const field = fieldOf(TIME, TIME_BYTES);
  const seconds = Math.floor(mtimeMs / 1000);
  if (seconds !== (seconds | 0)) return field;
  field.writeUInt8(HAS_MTIME, 4);
  field.writeInt32LE(seconds, 5);
  return field;
}

/**
 * Our own field; the last one of its header. In a staging archive it ends with four bytes for the CRC of the header: see `seal`.
 *
 * @param random of a staging archive: sixteen hex digits
 */
export function encodeOurs(facts: Omit<OurField, 'random'>, random: string | undefined): Buffer {
  const field = fieldOf(OURS, random === undefined ? OURS_BYTES : OURS_STAGING_BYTES);
  field.writeUInt8(OURS_VERSION, 4);
  if (facts.sha256.copy(field, 5) !== 32) throw new Error('a SHA-256 has 32 bytes');
  field.writeBigInt64LE(BigInt(Math.floor(facts.mtimeMs)), 37);
  field.writeUInt32LE(facts.mode, 45);
  if (random !== undefined && field.write(random, 49, 'hex') !== 8)
    throw new Error('the random part of a staging archive has 16 hex digits');
  return field;
}

/**
 * Writes into the last four bytes of a header of a staging archive the CRC-32 of all before them: the CRC and the SHA-256 of a member
 * say nothing of its name.
 */
export function seal(header: Buffer): Buffer {
  header.writeUInt32LE(crc32(header.subarray(0, -SEAL_BYTES)), header.length - SEAL_BYTES);
  return header;
}

const SEAL_BYTES = 4;

const hasSeal = (header: Buffer): boolean =>
  header.readUInt32LE(header.length - SEAL_BYTES) === crc32(header.subarray(0, -SEAL_BYTES));

/** How many bytes the extra fields of a local header have. */
export const localExtraBytes = (sizeIsLarge: boolean, isStaging: boolean): number =>
  (sizeIsLarge ? 20 : 0) + 4 + TIME_BYTES + (isStaging ? 4 + OURS_STAGING_BYTES : 0);

function fieldOf(id: number, bytes: number): Buffer {
  const field = Buffer.alloc(4 + bytes);
  field.writeUInt16LE(id, 0);
  field.writeUInt16LE(bytes, 2);
  return field;
}

/** The extra fields of one header by their numbers; of two with the same number the first. What comes after a field that does not fit is left out. */
export function parseExtra(extra: Buffer): ReadonlyMap<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) break;
    const id = extra.readUInt16LE(at);
    if (!fields.has(id)) fields.set(id, extra.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/** The numbers in the zip64 field, in their order; one that no double can hold exactly ends them. */
export function zip64Values(fields: ReadonlyMap<number, Buffer>): number[] {
  const field = fields.get(ZIP64);
  const values: number[] = [];
  for (let at = 0; field !== undefined && at + 8 <= field.length; at += 8) {
    const value = Number(field.readBigUInt64LE(at));
    if (!Number.isSafeInteger(value)) break;
    values.push(value);
  }
  return values;
}

/** In milliseconds; undefined where there is none. */
export function timeOf(fields: ReadonlyMap<number, Buffer>): number | undefined {
  const field = fields.get(TIME);
  if (field === undefined || field.length < TIME_BYTES) return undefined;
  return (field.readUInt8(0) & HAS_MTIME) === 0 ? undefined : field.readInt32LE(1) * 1000;
}

/**
 * Undefined where there is none, or one of another version.
 *
 * @param header all of it: in a staging archive its seal must hold
 */
export function ourFieldOf(fields: ReadonlyMap<number, Buffer>, header: Buffer): OurField | undefined {
  const field = fields.get(OURS);
  if (field === undefined || field[0] !== OURS_VERSION) return undefined;
  const isStaging = field.length === OURS_STAGING_BYTES;
  if (isStaging ? !hasSeal(header) : field.length !== OURS_BYTES) return undefined;
  return {
    // A copy: the field lies in a buffer that is read into again.
    sha256: Buffer.from(field.subarray(1, 33)),
    mtimeMs: Number(field.readBigInt64LE(33)),
    mode: field.readUInt32LE(41),
    random: isStaging ? field.toString('hex', 45, 53) : undefined,
  };
}
