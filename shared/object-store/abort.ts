import { answerOf } from './failure.ts';
import type { ObjectStore, Place, Upload } from './store.ts';

/**
 * Ends a multipart upload and frees what its parts take on the server; no part of it may be under way. Idempotent: an upload that the
 * server does not know is ended. Not for one of which it is not known whether it was completed: see `abandon`.
 */
export async function abortMultipart(store: ObjectStore, upload: Upload, signal: AbortSignal): Promise<void> {
  try {
    await store.abortMultipart(upload, signal);
  } catch (error) {
    if (!isUnknownUpload(error) && !isCompletedInSwift(error)) throw error;
  }
}

/** Of an upload that it has completed Swift says so, and leaves the object as it is. */
const isCompletedInSwift = (error: unknown): boolean => answerOf(error)?.code === 'NoSuchKey';

/** Completed, aborted, or never begun. */
export function isUnknownUpload(error: unknown): boolean {
  return answerOf(error)?.code === 'NoSuchUpload';
}

/**
 * The unfinished uploads under exactly this key that began at a moment or later: for an attempt that ended after it had asked for an
 * upload and before it had recorded the id. They may be somebody else's where others write to this key.
 *
 * @param sinceMs by the clock of the server, which may not be ours: leave it some minutes
 * @returns their ids, oldest first
 */
export async function findOrphans(
  store: ObjectStore,
  place: Place,
  sinceMs: number,
  signal: AbortSignal,
): Promise<string[]> {
  const found: { uploadId: string; initiatedMs: number }[] = [];
  // Servers give whole seconds.
  const fromMs = Math.floor(sinceMs / 1000) * 1000;
  for await (const upload of store.uploads(place, signal))
    if (upload.key === place.key && upload.initiatedMs >= fromMs) found.push(upload);
  return found.sort((a, b) => a.initiatedMs - b.initiatedMs).map(({ uploadId }) => uploadId);
}
