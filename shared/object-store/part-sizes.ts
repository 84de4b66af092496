const MIB = 1024 * 1024;

/** What every server takes: no part but the last may be smaller, and there may be no more than these. */
export const MIN_PART_BYTES = 5 * MIB;
export const MAX_PARTS = 10_000;

/**
 * Five buffers of this size are 40 MiB; 10,000 parts of it are 78 GiB. Larger ones gain nothing that was measurable on loopback, and
 * a part is what is sent again after a failure.
 */
export const DEFAULT_PART_BYTES = 8 * MIB;

/** So many parts have a size before it doubles. */
const STEP = 1_000;

/**
 * The size of a part, by its number from 1. It follows from the first part's size alone, so that an upload that is taken up again is
 * cut where it was cut before.
 *
 * @param growing for a content of unknown size: from 8 MiB the 10,000 parts reach 8 TiB. One of a known size has equal parts
 */
export function partBytesAt(number: number, firstPartBytes: number, growing: boolean): number {
  return growing ? firstPartBytes * 2 ** Math.floor((number - 1) / STEP) : firstPartBytes;
}

/** The size that is wished for, or the smallest, in whole MiB, with which so large a content needs no more than 10,000 parts. */
export function partBytesFor(sizeBytes: number, wishedBytes: number): number {
  const least = Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB;
  return Math.max(wishedBytes, MIN_PART_BYTES, least);
}
