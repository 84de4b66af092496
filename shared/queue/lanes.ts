import type { Lane } from './job.ts';

/**
 * Up to this size a file is read, hashed and placed together with hundreds of others; a larger one is a claim of its own, so that it never
 * delays small ones. A batch of 512 such files is at most 128 MiB: a tenth of a second of hashing.
 */
export const SMALL_FILE_BYTES = 256 * 1024;

export const laneOf = (sizeBytes: number): Lane => (sizeBytes > SMALL_FILE_BYTES ? 'alone' : 'batch');
