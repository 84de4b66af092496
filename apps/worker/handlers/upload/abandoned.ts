import type { Clock } from '../../../../shared/clock.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { abandon } from '../../../../shared/object-store/abandon.ts';
import { abortMultipart, findOrphans } from '../../../../shared/object-store/abort.ts';
import { failureOf } from '../../../../shared/object-store/failure.ts';
import { credentialsFault, type Stores } from '../../../../shared/object-store/stores.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import type { AbandonedObject } from '../../../../shared/uploads/objects.ts';
import type { UploadStore } from './store.ts';

export type AbandonedOptions = { store: UploadStore; stores: Stores; clock: Clock; logger: Logger };

const EVERY_MS = 600_000;
const CLOCKS_DIFFER_MS = 300_000;
const MOST_AT_A_TIME = 100;

/**
 * Aborts uploads in parts whose file was given up, dropped, or changed: their parts would lie on the server for ever, and cost. Where that
 * does not work now it is tried again later. Idempotent: several may do it at a time.
 */
export class Abandoned {
  readonly #options: AbandonedOptions;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: AbandonedOptions) {
    this.#options = options;
  }

  /** Does nothing where it was done a while ago, unless there is something new. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const found = store.objects.abandoned(MOST_AT_A_TIME);
    if (found.length === 0 || nowMs - this.#lastMs < EVERY_MS) return;
    this.#lastMs = nowMs;
    for (const object of found) {
      if (signal.aborted) return;
      if (await this.#abort(object, signal)) this.#lastMs = Number.NEGATIVE_INFINITY;
    }
  }

  async #abort(object: AbandonedObject, signal: AbortSignal): Promise<boolean> {
    const { store, stores, logger } = this.#options;
    const { bucket, key, askedMs } = object;
    const place = { bucket: bucket.bucket, key };
    try {
      const remote = stores.get(bucket.credentials, bucket.profile);
      const former = store.objects.multipartOf(object);
      if (former !== undefined) await abandon(remote, place, former, signal);
      if (askedMs !== undefined)
        for (const uploadId of await findOrphans(remote, place, askedMs - CLOCKS_DIFFER_MS, signal))
          await abortMultipart(remote, { ...place, uploadId }, signal);
    } catch (error) {
      if (failureOf(error) === undefined && credentialsFault(error) === undefined && !signal.aborted)
        throw error;
      return false;
    }
    writeTransaction(store.state, () => store.objects.ended(object.id));
    logger.info({ event: 'upload.aborted', profile: bucket.profile, bucket: bucket.bucket, key });
    return true;
  }
}
