import { compareAt, entryOffsetAt, lowerBound, type NameIndex, RECORD_BYTES } from './name-key.ts';

/** An index as `buildIndex` makes it, asked where it is. */
export const memoryIndex = (records: Buffer): NameIndex => ({
  lookup(keys, onHit) {
    for (const [position, key] of keys.entries()) {
      let at = lowerBound(records, key);
      for (; at < records.length && compareAt(records, at, key) === 0; at += RECORD_BYTES)
        onHit(position, entryOffsetAt(records, at));
    }
  },
});
