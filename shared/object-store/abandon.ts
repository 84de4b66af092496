import { abortMultipart } from './abort.ts';
import { identityOfParts } from './digest.ts';
import { look } from './look.ts';
import type { Multipart } from './multipart.ts';
import { isSame } from './same.ts';
import type { ObjectStore, Place, RemoteObject } from './store.ts';

/**
 * Ends an upload that an attempt before has left, whatever became of it. Idempotent.
 *
 * One that was completed, while the answer was lost, is left alone. Amazon does not know it any more. Swift does: there the parts of
 * an upload are what the object is made of, and for a moment aborting it would take them away.
 */
export async function abandon(
  store: ObjectStore,
  place: Place,
  former: Multipart,
  signal: AbortSignal,
): Promise<void> {
  const remote = former.parts.length === 0 ? undefined : await look(store, place, signal);
  if (remote !== undefined && isMadeOf(remote, former)) return;
  await abortMultipart(store, { ...place, uploadId: former.uploadId }, signal);
}

/**
 * Whether an object is what the recorded parts make when they are put together: then the upload was completed. An upload is only
 * completed when all its parts are recorded.
 */
export function isMadeOf(remote: RemoteObject, { parts }: Multipart): boolean {
  const latest = [...new Map(parts.map((part) => [part.number, part])).values()];
  latest.sort((a, b) => a.number - b.number);
  if (latest.length === 0 || latest.some(({ number }, index) => number !== index + 1)) return false;
  const sizeBytes = latest.reduce((sum, part) => sum + part.sizeBytes, 0);
  const digests = latest.map(({ etag, sha256 }) => ({
    sha256: Buffer.from(sha256, 'hex'),
    md5: /^[0-9a-f]{32}$/.test(etag) ? Buffer.from(etag, 'hex') : undefined,
  }));
  // The sum of the whole is not recorded. No object has this one.
  return isSame(remote, identityOfParts(sizeBytes, 'unknown', digests));
}
