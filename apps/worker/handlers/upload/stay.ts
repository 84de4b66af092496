import type { S3Sink } from '../../../../shared/config/settings.ts';
import type { BytePath } from '../../../../shared/fs/byte-path.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import type { BucketRow } from '../../../../shared/uploads/buckets.ts';
import type { FileRecord } from '../../../../shared/uploads/file-record.ts';
import type { SentObject } from '../../../../shared/uploads/objects.ts';

/**
 * The stages of a file on its way through one batch. Each step takes files of one stage and gives files of the next, or an `Ended`,
 * which ends the file's way for now.
 */

/** What is to be done with a file, from its sink and from where it is. */
export type Plan = {
  sinkId: number;
  sink: S3Sink;
  routeId: number;
  bucket: BucketRow;
  /** As the record has it: below the bucket's directory, or below the input. */
  filepath: string;
  /** Of its object, before the name loses the suffix of a format that is unpacked. */
  key: string;
  /** The sha256 that it must have: of a file that was taken into custody. Lower-case hex. */
  sha256: string | undefined;
  ledgerId: number | undefined;
  /** Where it goes while it is in hand and afterwards; undefined where it stays in place while it is sent. */
  places: { processing: BytePath; completed: BytePath; failed: BytePath } | undefined;
};

/** A job whose file nobody has looked at yet. `record`: its stay, where one has begun; `isAgain`: an earlier one of this job is over. */
export type Accepted = { job: LeasedJob; plan: Plan; record: FileRecord | undefined; isAgain: boolean };

/** A file that is open, and where it is to be while it is sent. The descriptor stays open until it is settled. */
export type Taken = {
  job: LeasedJob;
  plan: Plan;
  record: FileRecord;
  fd: number;
  path: BytePath;
  /** Of when it was opened: what is written to it later is another content. */
  fingerprint: string;
  /** Its stay began just now, and nothing of it was sent. `isReplacing`: an object that we sent is under its key. Undefined: to be looked up. */
  fresh: { isReplacing: boolean } | undefined;
};

/** How the sending of a file ended. */
export type Verdict =
  | { is: 'sent'; objects: readonly KeyedObject[]; sizeBytes: number }
  | { is: 'failed'; reason: string }
  | { is: 'retry'; reason: string; runAtMs: number }
  /** Because of the bucket: it goes on when that can be sent to, at no charge. */
  | { is: 'waits'; reason: string; runAtMs: number }
  /** An ordered stop, or a lease that was lost. */
  | { is: 'released' };

export type KeyedObject = SentObject & { member: string; key: string; wasThere: boolean };

/** A file that was tried to be sent; `startedMs` is undefined where it did not come to that. */
export type Tried = Taken & { startedMs: number | undefined; verdict: Verdict };

/** How a file's way through this batch ended without being tried. */
export type Outcome =
  /** Not ours to take: it stays where it is, and its job is kept as failed. */
  | { end: 'failed'; reason: string }
  | { end: 'delayed'; reason: string; runAtMs: number; forBucket: boolean }
  /** Changed, or being written: looked at again as if it were new. */
  | { end: 'candidate'; waitsFor: 'stability' | 'writer'; why: string; path: BytePath }
  | { end: 'vanished' }
  | { end: 'released' };

/** `record`: the stay that ends or waits with it. */
export type Ended = {
  job: LeasedJob;
  plan: Plan | undefined;
  record: FileRecord | undefined;
  outcome: Outcome;
};

export type Step<T> = T | Ended;

export const isEnded = <T extends object>(step: T | Ended): step is Ended => 'outcome' in step;

export const ended = (
  { job, plan, record }: Pick<Accepted, 'job' | 'plan' | 'record'>,
  outcome: Outcome,
): Ended => ({
  job,
  plan,
  record,
  outcome,
});
