import { answerOf } from './failure.ts';
import { checkBucketName } from './key.ts';
import { isRefused } from './look.ts';
import type { ObjectStore } from './store.ts';

/**
 * Whether there is such a bucket. The list of all buckets is asked first, then the bucket itself: a key that may not list, and a
 * bucket of another account, are no sign that it is missing. `unknown`: the key may ask neither.
 *
 * @throws UsageError for a name that no bucket can have, and what the SDK throws where the question is not answered: no connection, a
 * wrong secret, another region
 */
export async function findBucket(
  store: ObjectStore,
  bucket: string,
  signal: AbortSignal,
): Promise<'there' | 'missing' | 'unknown'> {
  checkBucketName(bucket);
  if (await isListed(store, bucket, signal)) return 'there';
  try {
    await store.headBucket(bucket, signal);
    return 'there';
  } catch (error) {
    if (answerOf(error)?.status === 404) return 'missing';
    // An answer to HEAD has no body, so that there is no code in it. That the key itself is good, the list has told.
    if (isRefused(error)) return 'unknown';
    throw error;
  }
}

async function isListed(store: ObjectStore, bucket: string, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const name of store.buckets(signal)) if (name === bucket) return true;
    return false;
  } catch (error) {
    // Where there are no accounts, there may be no list.
    if (isRefused(error) || answerOf(error)?.status === 404) return false;
    throw error;
  }
}
