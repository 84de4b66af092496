import type { BytePath } from '../fs/byte-path.ts';

/** What a job is about; each kind has its handler in `apps/worker/handlers/<kind>/`. */
export const JOB_KINDS = ['ingest', 'upload', 'load', 'archive', 'scavenge'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/**
 * `batch`: claimed many at a time. `alone`: one a claim, so that a large job delays nobody. `suspect`: a job whose worker died under it;
 * all that its worker has in hand, so that the next death is known to be its fault and not its neighbour's.
 */
export const LANES = ['batch', 'alone', 'suspect'] as const;
export type Lane = (typeof LANES)[number];

export type JobState = 'ready' | 'delayed' | 'leased' | 'failed';

/** What is known of a unit of work before it has an id. `kind`, `key` and `sinkId` together make it one job. */
export type NewJob = {
  kind: string;
  key: BytePath;
  sinkId?: number;
  lane?: Lane;
  routeId?: number;
  /** Of the file when it was judged complete; a failed job becomes ready again when this changes. */
  fingerprint?: string;
  sizeBytes?: number;
  /** JSON: what else the kind's handler needs. */
  payload?: string;
  /** Higher goes first. */
  priority?: number;
  /** Not before this moment. */
  runAtMs?: number;
};

/** A job as its holder sees it. */
export type Job = {
  id: number;
  kind: string;
  key: BytePath;
  /** 0: of no sink. */
  sinkId: number;
  lane: Lane;
  routeId: number | undefined;
  fingerprint: string | undefined;
  sizeBytes: number;
  payload: string | undefined;
  priority: number;
  /** Claims that did not end in a release, this one included. */
  attempts: number;
  enqueuedMs: number;
};
