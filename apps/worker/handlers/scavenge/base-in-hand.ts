import type { ArchiveBase } from '../../../../shared/archive-sink/bases.ts';
import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { LeaseLostError } from '../../../../shared/errors.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import type { Delta } from '../../delta.ts';
import type { ScavengeStore } from './store.ts';

/** The base of a job, with all that its steps need. */
export type BaseInHand = {
  job: LeasedJob;
  base: ArchiveBase;
  store: ScavengeStore;
  clock: Clock;
  crash: CrashPoints;
  logger: Logger;
  /** Aborts at a stop, and when the lease is lost: nothing more is begun. */
  signal: AbortSignal;
  onProgress(delta: Delta): void;
};

/** To be asked inside each transaction that records an effect. @throws LeaseLostError */
export function assertHeld({ job, store }: Pick<BaseInHand, 'job' | 'store'>): void {
  job.lease.assertTrusted();
  if (!store.settlements.holds(job.id, job.lease.token)) throw new LeaseLostError(job.lease.token);
}
