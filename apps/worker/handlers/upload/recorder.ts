import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { LeaseLostError } from '../../../../shared/errors.ts';
import type { Multipart, MultipartRecorder } from '../../../../shared/object-store/multipart.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import { lazyTransaction, writeTransaction } from '../../../../shared/state/transaction.ts';
import type { ObjectRow } from '../../../../shared/uploads/objects.ts';
import type { UploadStore } from './store.ts';

export type RecorderOptions = { store: UploadStore; clock: Clock; crash: CrashPoints };

/**
 * Keeps in the state file how far an upload in parts has come. That one is asked for is durable before the server hears of it: whatever
 * happens then, somebody knows to look for it. The rest a power cut may take back, and the server tells it again.
 *
 * Every write is fenced by the job's lease: its next holder goes on with this upload, and two of them would take each other's parts.
 */
export class ObjectRecorder implements MultipartRecorder {
  readonly #options: RecorderOptions;
  readonly #job: LeasedJob;
  readonly #object: ObjectRow;
  readonly #begun = new Set<string>();

  constructor(options: RecorderOptions, job: LeasedJob, object: ObjectRow) {
    this.#options = options;
    this.#job = job;
    this.#object = object;
  }

  get former(): Multipart | undefined {
    return this.#options.store.objects.multipartOf(this.#object);
  }

  /** The uploads that were begun by way of it. */
  get begun(): ReadonlySet<string> {
    return this.#begun;
  }

  asking(): void {
    const { store, clock, crash } = this.#options;
    writeTransaction(store.state, () => {
      this.#assertHeld();
      store.objects.asking(this.#object.id, clock.nowMs());
    });
    crash.reach('upload.parts-asked');
  }

  began(uploadId: string, partBytes: number): void {
    const { store, crash } = this.#options;
    crash.reach('upload.parts-begun');
    this.#begun.add(uploadId);
    this.#write(() => store.objects.began(this.#object.id, uploadId, partBytes));
  }

  part(part: Parameters<MultipartRecorder['part']>[0]): void {
    const { store, crash } = this.#options;
    this.#write(() => store.objects.part(this.#object.id, part));
    crash.reach('upload.part-sent');
  }

  ended(): void {
    this.#options.crash.reach('upload.parts-ended');
    this.#write(() => this.#options.store.objects.ended(this.#object.id));
  }

  #write(work: () => void): void {
    lazyTransaction(this.#options.store.state, () => {
      this.#assertHeld();
      work();
    });
  }

  #assertHeld(): void {
    const { id, lease } = this.#job;
    if (!this.#options.store.settlements.holds(id, lease.token)) throw new LeaseLostError(lease.token);
  }
}
