import type { Checksum } from './digest.ts';
import { answerOf } from './failure.ts';
import { isRefused } from './look.ts';
import type { ObjectStore, Place } from './store.ts';

/** What was sent. See `Sent`. */
export type Expected = { sizeBytes: number; etag: string; checksum?: Checksum | undefined };

export type Checked =
  | { is: 'same' }
  | { is: 'differs' /** For a person. */; detail: string }
  | { is: 'missing' }
  /** The server knows no HEAD, or the key may not ask: no sign of anything. */
  | { is: 'unasked'; reason: string };

/**
 * Asks the server what it has, and compares size, checksum where both know one, and ETag. Reads no content.
 *
 * @throws what the SDK throws where the question is not answered for now: see `failureOf`
 */
export async function check(
  store: ObjectStore,
  place: Place,
  expected: Expected,
  signal: AbortSignal,
): Promise<Checked> {
  try {
    const remote = await store.head(place, signal);
    if (remote === undefined) return { is: 'missing' };
    if (remote.sizeBytes !== expected.sizeBytes)
      return { is: 'differs', detail: `it has ${remote.sizeBytes} bytes, ${expected.sizeBytes} were sent` };
    const sums = [remote.checksum?.value, expected.checksum?.value];
    if (sums[0] !== undefined && sums[1] !== undefined)
      return sums[0] === sums[1]
        ? { is: 'same' }
        : { is: 'differs', detail: `its SHA-256 checksum is ${sums[0]}, ${sums[1]} was sent` };
    if (remote.etag === expected.etag) return { is: 'same' };
    return { is: 'differs', detail: `its ETag is ${remote.etag}, it was ${expected.etag} when it was sent` };
  } catch (error) {
    if (!isRefused(error)) throw error;
    return { is: 'unasked', reason: `the server answers HEAD with status ${answerOf(error)?.status}` };
  }
}
