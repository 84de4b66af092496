import type { Clock } from '../clock.ts';
import { LeaseLostError } from '../errors.ts';
import type { Claims, Lease } from './claim.ts';

/** Of a lease's time, the part in which its holder trusts it: the rest covers clocks, pauses and the last system call. */
const TRUSTED_PART = 0.8;

/** A lease while this process holds it. */
export type HeldLease = {
  readonly token: number;
  /** Aborts when the lease is found lost. */
  readonly lost: AbortSignal;
  /** Throws LeaseLostError once the lease may have ended by the monotonic clock, also after the process was frozen. */
  assertTrusted(): void;
  /** It was ended by the transaction that settled the last of its jobs: there is nothing more to end. */
  wasEnded(): void;
};

type Entry = { lease: HeldLease; trustedUntilMs: number; abort: AbortController };

/**
 * Renews the leases of this process at a third of their time, and knows how long each may be trusted. A renewal that fails
 * because the state file is busy is tried again at the next third; one that finds the lease gone aborts it.
 */
export class LeaseKeeper {
  readonly #claims: Claims;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #held = new Map<number, Entry>();
  readonly #ended = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(claims: Claims, clock: Clock, leaseMs: number) {
    this.#claims = claims;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** Starts keeping a lease that was claimed no earlier than `claimedMonotonicMs`. */
  keep(lease: Lease, claimedMonotonicMs: number): HeldLease {
    const abort = new AbortController();
    const entry: Entry = {
      trustedUntilMs: claimedMonotonicMs + this.#leaseMs * TRUSTED_PART,
      abort,
      lease: {
        token: lease.token,
        lost: abort.signal,
        assertTrusted: () => {
          if (abort.signal.aborted || this.#clock.monotonicMs() > entry.trustedUntilMs)
            throw new LeaseLostError(lease.token);
        },
        wasEnded: () => {
          this.#forget(lease.token);
          this.#ended.add(lease.token);
        },
      },
    };
    this.#held.set(lease.token, entry);
    this.#timer ??= setInterval(() => this.renewAll(), this.#leaseMs / 3).unref();
    return entry.lease;
  }

  /** Ends a lease in the database and here; one that was ended already costs nothing. Idempotent. */
  end(token: number): void {
    if (this.#ended.delete(token)) return;
    this.#forget(token);
    this.#claims.end(token, this.#clock.nowMs());
  }

  /** Whether the lease has neither been ended here nor been found lost. */
  holds(token: number): boolean {
    return this.#held.has(token);
  }

  renewAll(): void {
    for (const [token, entry] of this.#held) {
      const startedMs = this.#clock.monotonicMs();
      try {
        this.#claims.renew(token, this.#clock.nowMs() + this.#leaseMs);
        entry.trustedUntilMs = startedMs + this.#leaseMs * TRUSTED_PART;
      } catch (error) {
        // The state file is busy or full: the lease is trusted only as long as its last renewal says, and asked for again.
        if (!(error instanceof LeaseLostError)) continue;
        entry.abort.abort(error);
        this.#forget(token);
      }
    }
  }

  /** Stops renewing; the leases run out by themselves. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#held.clear();
    this.#ended.clear();
  }

  #forget(token: number): void {
    this.#held.delete(token);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
