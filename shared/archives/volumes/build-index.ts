import { ENTRY_BYTES } from '../zip/format.ts';
import { type DirectoryEnd, readDirectory } from '../zip/read-directory.ts';
import { ZipFault } from '../zip/zip-fault.ts';
import { keyOf, RECORD_BYTES, writeRecord } from './name-key.ts';

/** Entries between two pauses: some milliseconds. */
const STEP = 2048;

/** Records in a bucket, about: each bucket is sorted in one go. */
const BUCKET_RECORDS = 1024;
const MOST_BUCKET_BITS = 16;

/**
 * The records of an index, sorted, from the directory of a volume: all of it is read, and judged by that. In steps, so that
 * whoever has to keep a lease meanwhile can.
 *
 * @throws ZipFault where the directory is not what its end says, or does not follow all members; as node:fs does
 */
export function* buildIndex(fd: number, end: DirectoryEnd): Generator<undefined, Buffer> {
  // Memory is asked for by this number.
  if (end.entries * ENTRY_BYTES > end.directoryBytes)
    throw new ZipFault(`says that ${end.entries} entries are in ${end.directoryBytes} bytes`);
  const records = Buffer.alloc(end.entries * RECORD_BYTES);
  let at = 0;
  for (const { name, entryOffset, headerOffset } of readDirectory(fd, end)) {
    // It would be lost when the volume is written anew up to its directory.
    if (headerOffset >= end.directoryOffset) throw new ZipFault('has members behind its directory');
    writeRecord(records, at, keyOf(name), entryOffset);
    at += RECORD_BYTES;
    if (at % (STEP * RECORD_BYTES) === 0) yield;
  }
  return yield* sorted(records);
}

function* sorted(records: Buffer): Generator<undefined, Buffer> {
  const count = records.length / RECORD_BYTES;
  const bits = Math.min(MOST_BUCKET_BITS, Math.ceil(Math.log2(Math.max(1, count / BUCKET_RECORDS))));
  const { order, ends } = intoBuckets(records, count, bits);
  const result = Buffer.allocUnsafe(records.length);
  let from = 0;
  for (const to of ends) {
    const bucket = order.subarray(from, to);
    bucket.sort((a, b) => compareRecords(records, a * RECORD_BYTES, b * RECORD_BYTES));
    for (const [index, record] of bucket.entries())
      records.copy(result, (from + index) * RECORD_BYTES, record * RECORD_BYTES, (record + 1) * RECORD_BYTES);
    from = to;
    yield;
  }
  return result;
}

/** By the first bits of the keys: `ends` says where in `order` each bucket ends. */
function intoBuckets(
  records: Buffer,
  count: number,
  bits: number,
): { order: Uint32Array<ArrayBuffer>; ends: Uint32Array } {
  const bucketOf = (record: number): number =>
    bits === 0 ? 0 : records.readUInt32BE(record * RECORD_BYTES) >>> (32 - bits);
  const places = new Uint32Array(2 ** bits + 1);
  for (let record = 0; record < count; record += 1) bump(places, bucketOf(record) + 1);
  for (let bucket = 1; bucket < places.length; bucket += 1) bump(places, bucket, places[bucket - 1]);
  const order = new Uint32Array(count);
  for (let record = 0; record < count; record += 1) order[bump(places, bucketOf(record))] = record;
  // Each place has moved on to the end of its bucket.
  return { order, ends: places.subarray(0, -1) };
}

/** @returns what was there before */
function bump(numbers: Uint32Array, index: number, by = 1): number {
  const before = numbers[index] ?? 0;
  numbers[index] = before + by;
  return before;
}

const compareRecords = (records: Buffer, a: number, b: number): number =>
  records.readUInt32BE(a) - records.readUInt32BE(b) ||
  records.readUInt32BE(a + 4) - records.readUInt32BE(b + 4) ||
  records.readUIntBE(a + 10, 6) - records.readUIntBE(b + 10, 6);
