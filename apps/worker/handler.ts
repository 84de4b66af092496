import type { Lane } from '../../shared/queue/job.ts';
import type { LeasedJob } from '../../shared/queue/lease-store.ts';

/** How many jobs of a lane one claim takes, and how many claims of it one worker holds at a time. */
export type LaneSize = { batchSize: number; concurrent: number };

/**
 * The work of one kind of job.
 *
 * `handle` is given jobs under one lease and settles every one of them (done, delayed, failed, released), each in the transaction
 * that records its effect and fenced by the lease's token. It may be called again for the same job at any later time, by any
 * process, after dying at any point: so each of its effects is idempotent, or is recorded before the next depends on it.
 *
 * What it throws: `LeaseLostError` when its lease has ended (the jobs are somebody else's, nothing is touched any more); an
 * `EnvironmentError` when the state file refuses (the jobs come back when it works again); anything else is a defect of
 * ours, charged to the jobs that are left.
 */
export type Handler = {
  kind: string;
  /** Suspects are handled one at a time, whatever their kind. */
  lanes: Record<Exclude<Lane, 'suspect'>, LaneSize>;
  handle(jobs: readonly LeasedJob[]): Promise<void>;
  /** Asked before each take, beside what the queue says; where it says no, nothing is taken. */
  mayTake?(): boolean;
  /**
   * Asked when nothing is left to do and nothing more will come: a kind that holds work back makes it ready. Any number of processes may be
   * asked, any number of times.
   *
   * @returns whether there is something to do now
   */
  drain?(): boolean;
  /** Asked now and then, with or without jobs: a kind that has something to clear up does it in the background. Never throws. */
  tidy?(): void;
};
