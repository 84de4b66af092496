import { LeaseLostError } from '../../../../shared/errors.ts';
import type { Accepted } from './custody.ts';
import type { IngestStore } from './store.ts';

/**
 * To be asked right before each change to the file system: whether the job is still ours, by our own clock and by the state file. The
 * clock alone would not do, since others judge our lease by the wall clock, which can be set.
 *
 * @throws LeaseLostError
 */
export function assertHeld({ job }: Accepted, { store }: { store: IngestStore }): void {
  job.lease.assertTrusted();
  if (!store.settlements.holds(job.id, job.lease.token)) throw new LeaseLostError(job.lease.token);
}
