import type { Clock } from '../../shared/clock.ts';
import { toText } from '../../shared/fs/byte-path.ts';
import { isDead, type ProcessIdentity } from '../../shared/linux/process-identity.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { Claims } from '../../shared/queue/claim.ts';

export type ReclaimerOptions = {
  claims: Claims;
  clock: Clock;
  logger: Logger;
  identity: ProcessIdentity;
  maxAttempts: number;
  onReclaimed(): void;
};

/** An owner that was seen alive is not looked up again for so long: its lease ends that much later where it dies. */
const ALIVE_MS = 250;

/** Owners past this number are forgotten: they come and go. */
const MOST_KNOWN = 1_000;

/** Takes back leases that expired or whose owner is dead, and says so. */
export class Reclaimer {
  readonly #options: ReclaimerOptions;
  readonly #seenAliveMs = new Map<string, number>();

  constructor(options: ReclaimerOptions) {
    this.#options = options;
  }

  /** @returns how many jobs were failed by it. @throws what the state file refuses with */
  run(): number {
    const { claims, clock, logger, maxAttempts, onReclaimed } = this.#options;
    const reclaimed = claims.reclaim(clock.nowMs(), maxAttempts, (owner) => this.#isDead(owner));
    for (const { token, owner, pid, why, jobs, failed } of reclaimed) {
      logger.warn(
        { event: 'lease.reclaimed', token, owner, pid, jobs, failed: failed.length },
        `the lease of ${owner} ended: ${why}`,
      );
      for (const { id, key, reason } of failed) {
        logger.error({ event: 'file.failed', job: id, source: toText(key), reason }, reason);
      }
    }
    if (reclaimed.length > 0) onReclaimed();
    return reclaimed.reduce((sum, { failed }) => sum + failed.length, 0);
  }

  #isDead(owner: ProcessIdentity): boolean {
    const { clock, identity } = this.#options;
    const name = `${owner.host} ${owner.boot} ${owner.pid} ${owner.pidStart}`;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#seenAliveMs.get(name) ?? Number.NEGATIVE_INFINITY) < ALIVE_MS) return false;
    if (isDead(owner, identity)) return true;
    if (this.#seenAliveMs.size >= MOST_KNOWN) this.#seenAliveMs.clear();
    this.#seenAliveMs.set(name, nowMs);
    return false;
  }
}
