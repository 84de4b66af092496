import type { LoadSink } from '../../../../shared/config/settings.ts';
import { LeaseLostError } from '../../../../shared/errors.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import type { LoadStore } from './store.ts';

/** A sink of type `load`, as the state file knows it. */
export type TableSink = { id: number; routeId: number; settings: LoadSink };

/** A task that this worker is to load. */
export type TaskInHand = {
  id: number;
  job: LeasedJob;
  sink: TableSink;
  ingestDate: string;
  sizeBytes: number;
  /** Its status is PROCESSING by us. */
  begun: boolean;
  /** It was settled, or given back: nothing more is to be done with it under this lease. */
  over: boolean;
  startedMs: number;
  /** What this claim did for it. */
  tally: { files: number; present: number; rows: number; rejects: number };
};

/**
 * To be asked inside each transaction that records an effect, and right before rows become visible: whether all of these are still ours.
 *
 * @throws LeaseLostError
 */
export function assertTasksHeld(tasks: Iterable<TaskInHand>, { settlements }: LoadStore): void {
  let held: { token: number; jobs: ReadonlySet<number> } | undefined;
  for (const { job } of tasks) {
    const { token } = job.lease;
    job.lease.assertTrusted();
    if (held?.token !== token) held = { token, jobs: settlements.heldBy(token) };
    if (!held.jobs.has(job.id)) throw new LeaseLostError(token);
  }
}
