import type { Clock } from '../../shared/clock.ts';
import { LeaseLostError } from '../../shared/errors.ts';
import type { LeasedJob } from '../../shared/queue/lease-store.ts';
import type { Settlements } from '../../shared/queue/settle.ts';

type Held = { job: LeasedJob };
type Asked = { settlements: Pick<Settlements, 'holds' | 'heldBy'> };

/**
 * To be asked right before each change to the file system: whether the job is still ours, by our own clock and by the state file. The
 * clock alone would not do, since others judge our lease by the wall clock, which can be set.
 *
 * @throws LeaseLostError
 */
export function assertHeld({ job }: Held, { store }: { store: Asked }): void {
  job.lease.assertTrusted();
  if (!store.settlements.holds(job.id, job.lease.token)) throw new LeaseLostError(job.lease.token);
}

/** How old the state file's answer may be: as long as some renames take. Who was frozen asks again. */
const ANSWER_AGE_MS = 2;

/** The same for many files one after the other: the state file is asked for all jobs of the lease at once, every few milliseconds. */
export class Fence {
  readonly #store: Asked;
  readonly #clock: Clock;
  #held: ReadonlySet<number> = new Set();
  #token: number | undefined;
  #askedAtMs = 0;

  constructor(store: Asked, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws LeaseLostError */
  assertHeld({ job }: Held): void {
    const { token } = job.lease;
    job.lease.assertTrusted();
    const nowMs = this.#clock.monotonicMs();
    if (token !== this.#token || nowMs - this.#askedAtMs > ANSWER_AGE_MS) {
      this.#held = this.#store.settlements.heldBy(token);
      this.#token = token;
      this.#askedAtMs = nowMs;
    }
    if (!this.#held.has(job.id)) throw new LeaseLostError(token);
  }
}
