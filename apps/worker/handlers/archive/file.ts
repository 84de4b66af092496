import type { ArchivePath } from '../../../../shared/archives/contract.ts';
import type { ArchiveSink } from '../../../../shared/config/settings.ts';
import type { BytePath } from '../../../../shared/fs/byte-path.ts';
import type { Fingerprint } from '../../../../shared/fs/fingerprint.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';

/** A committed file, and where it is to go. */
export type FileToArchive = {
  job: LeasedJob;
  ledgerId: number;
  sink: ArchiveSink;
  to: ArchivePath;
  /** Where the ledger says it is, of which size and content. */
  path: BytePath;
  sizeBytes: number;
  sha256: Buffer;
  warehouse: BytePath;
};

/** How a job ended without a deposit. */
export type Outcome =
  | { end: 'failed'; reason: string }
  | { end: 'delayed'; reason: string; runAtMs: number }
  /** An ordered stop. */
  | { end: 'released' }
  /** It is in its archive already. */
  | { end: 'done' };

export type Ended = { job: LeasedJob; outcome: Outcome };

/** A file whose deposit was acknowledged, as it was when it was read. */
export type DepositedFile = FileToArchive & { staging: string; fingerprint: Fingerprint };

export type Step<T> = T | Ended;

export const isEnded = <T extends { job: LeasedJob }>(step: Step<T>): step is Ended => 'outcome' in step;

export const ended = ({ job }: { job: LeasedJob }, outcome: Outcome): Ended => ({ job, outcome });
