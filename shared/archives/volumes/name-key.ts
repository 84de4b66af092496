import { hash } from 'node:crypto';

/** What a name is looked up by: the first eight bytes of its SHA-256. Two names may have the same, so whoever finds one compares the names. */
export type NameKey = { high: number; low: number };

export function keyOf(name: string): NameKey {
  const digest = hash('sha256', name, 'buffer');
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) };
}

export const compareKeys = (a: NameKey, b: NameKey): number => a.high - b.high || a.low - b.low;

/**
 * Names of one volume by their keys. In memory, or in a file: sixteen bytes a record, the key and the offset of the name's entry in the
 * directory, sorted, both most significant byte first.
 */
export type NameIndex = {
  /**
   * Calls `onHit` for each record that has one of the keys, with the position of the key in `keys`. Ascending keys are found
   * with the fewest reads.
   *
   * @throws IndexFault where the index cannot be right; as node:fs does
   */
  lookup(keys: readonly NameKey[], onHit: (position: number, entryOffset: number) => void): void;
};

export const RECORD_BYTES = 16;

export function writeRecord(records: Buffer, at: number, key: NameKey, entryOffset: number): void {
  records.writeUInt32BE(key.high, at);
  records.writeUInt32BE(key.low, at + 4);
  records.writeUIntBE(entryOffset, at + 10, 6);
}

export const entryOffsetAt = (records: Buffer, at: number): number => records.readUIntBE(at + 10, 6);

/** Less than 0 where the record's key is before `key`. */
export const compareAt = (records: Buffer, at: number, { high, low }: NameKey): number =>
  records.readUInt32BE(at) - high || records.readUInt32BE(at + 4) - low;

/** The first record, as an offset in `records`, whose key is not before `key`. */
export function lowerBound(records: Buffer, key: NameKey): number {
  let [from, to] = [0, records.length / RECORD_BYTES];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compareAt(records, middle * RECORD_BYTES, key) < 0) from = middle + 1;
    else to = middle;
  }
  return from * RECORD_BYTES;
}
