import type { BytePath } from '../../../../shared/fs/byte-path.ts';
import type { DuplicateRow } from '../../../../shared/ledger/duplicates.ts';
import type { LedgerRow, ReadContent } from '../../../../shared/ledger/ledger.ts';
import type { SidecarFile } from '../../../../shared/ledger/sidecar-removals.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import type { Route } from '../../../../shared/queue/routes.ts';

/**
 * The stages of a file on its way through one batch. Each step takes files of one stage and gives files of the next, or an
 * `Outcome` that ends the file's way for now.
 */

/** A job whose file nobody has looked at yet. */
export type Accepted = { job: LeasedJob; route: Route };

/** A file that is open, unchanged since it was judged complete, and read. The descriptor stays open until it is settled. */
export type ReadFile = Accepted & { fd: number; content: ReadContent; sidecar: Sidecar | undefined };

/** The sidecar as it was when its file was read, so that a later one of the same name is never removed. */
export type Sidecar = SidecarFile;

/** What stands in flight in the state file for a file: content of its own, or a repetition of other content. */
export type InFlight =
  | { type: 'original'; row: LedgerRow }
  | {
      type: 'duplicate';
      row: DuplicateRow;
      original: { destination: BytePath; sizeBytes: number; sha256: Buffer };
    };

/** Recorded in flight, and still to be placed. */
export type DecidedFile = ReadFile & { inFlight: InFlight };

/** Durable where it belongs, its old name gone. `destination` is undefined where a duplicate was unlinked or left. */
export type PlacedFile = Accepted & {
  inFlight: InFlight;
  sidecar: Sidecar | undefined;
  warnings: readonly string[];
};

/** How a file's way through this batch ended without being placed. */
export type Outcome =
  /** Changed, or being written: looked at again as if it were new. `path` differs where its name was taken meanwhile. */
  | {
      end: 'candidate';
      waitsFor: 'stability' | 'writer' | 'sidecar';
      path: BytePath;
      putBack: boolean;
      why: string;
    }
  | { end: 'failed'; reason: string }
  | { end: 'delayed'; reason: string; runAtMs: number; charged: boolean }
  /** An ordered stop. */
  | { end: 'released' }
  /** Somebody took the file away. */
  | { end: 'vanished' };

/** A file whose way ended with `outcome`; `withdraw` is the row in flight that is taken back with it. */
export type Ended = Accepted & { outcome: Outcome; withdraw?: InFlight };

export type Step<T> = T | Ended;

export const isEnded = <T extends Accepted>(step: Step<T>): step is Ended => 'outcome' in step;

export const ended = ({ job, route }: Accepted, outcome: Outcome, withdraw?: InFlight): Ended =>
  withdraw === undefined ? { job, route, outcome } : { job, route, outcome, withdraw };
