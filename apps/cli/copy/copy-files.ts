import { randomBytes } from 'node:crypto';
import { EnvironmentError, WharfingerError } from '../../../shared/errors.ts';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { beginCopy, type Copied, type CopyContext, isWhole } from '../../../shared/uploads/copies.ts';
import { deliverCopies, type Whole } from '../../../shared/uploads/copy-move.ts';
import type { CopyPoints } from '../../../shared/uploads/copy-points.ts';
import type { CopyRecords } from '../../../shared/uploads/copy-records.ts';
import { discardTemporary } from '../../../shared/uploads/copy-temporary.ts';
import type { Destination } from './destination.ts';
import type { CopyReport, Delivered } from './report.ts';
import type { Plan, PlannedFile } from './sources.ts';

/** Files up to this size are delivered together with others, since waiting for the disk takes longer than all the rest. */
const SMALL_BYTES = 1024 * 1024;

/** So many at a time, each with a descriptor: a kill has little to take back. */
const BATCH_FILES = 128;

export type CopyFilesOptions = {
  plan: Plan;
  destination: Destination;
  serverDirectory: string;
  records: CopyRecords;
  force: boolean;
  points: CopyPoints;
  signal: AbortSignal;
  report: CopyReport;
  /** Each file that is in `incoming`, when it is. */
  onDelivered(delivered: Delivered): void;
};

/**
 * Copies one file after the other, and moves them to `incoming` in batches. A file that cannot be copied is told, and the others go on.
 *
 * @returns how many have no end, because it was told to stop
 * @throws EnvironmentError where the others would fare no better; what was delivered stays
 */
export async function copyFiles(options: CopyFilesOptions): Promise<number> {
  const { plan, signal } = options;
  const batch = new Batch(options);
  try {
    for (const file of plan.files) {
      if (signal.aborted) break;
      const isLarge = file.sizeBytes > SMALL_BYTES;
      if (isLarge) await batch.deliver();
      await batch.add(file);
      if (isLarge || batch.size >= BATCH_FILES) await batch.deliver();
    }
    await batch.deliver();
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    batch.discard();
  }
  return plan.files.length - batch.ended;
}

class Batch {
  /** Files that were delivered, or failed. */
  ended = 0;
  readonly #options: CopyFilesOptions;
  readonly #context: CopyContext;
  readonly #files = new Map<Whole, PlannedFile>();

  constructor(options: CopyFilesOptions) {
    const { serverDirectory, records, force, points, signal, report } = options;
    this.#options = options;
    this.#context = {
      serverDirectory: fromText(serverDirectory),
      known: new Set(),
      unique: () => randomBytes(4).toString('hex'),
      ...{ records, force, points, signal },
      onProgress: (bytes) => report.progress(bytes),
    };
  }

  get size(): number {
    return this.#files.size;
  }

  async add(file: PlannedFile): Promise<void> {
    const { profile, bucket } = this.#options.destination;
    const source = { path: file.source, followLink: file.followLink };
    try {
      const begun = await beginCopy(source, { profile, bucket, key: file.key }, this.#context);
      if (isWhole(begun)) this.#files.set(begun, file);
      else this.#end(file, begun);
    } catch (error) {
      if (!(error instanceof WharfingerError) || error instanceof EnvironmentError) throw error;
      this.#end(file, error);
    }
  }

  async deliver(): Promise<void> {
    if (this.#files.size === 0) return;
    const files = new Map(this.#files);
    // None of them is ours to discard any more.
    this.#files.clear();
    await deliverCopies([...files.keys()], this.#context, (whole, delivery) => {
      const file = files.get(whole);
      if (file !== undefined) this.#end(file, delivery);
    });
  }

  /** Removes what was not delivered. */
  discard(): void {
    for (const { temporary } of this.#files.keys()) discardTemporary(temporary);
    this.#files.clear();
  }

  #end(file: PlannedFile, end: Copied | WharfingerError): void {
    const { report, onDelivered } = this.#options;
    this.ended += 1;
    if (end instanceof WharfingerError) {
      report.couldNot(file, end);
      return;
    }
    report.delivered({ file, copied: end });
    onDelivered({ file, copied: end });
  }
}
