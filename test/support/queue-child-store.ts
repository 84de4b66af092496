import SqliteStore from 'better-queue-sqlite';
import { systemClock } from '../../shared/clock.ts';
import { isDead, thisProcess } from '../../shared/linux/process-identity.ts';
import { Claims } from '../../shared/queue/claim.ts';
import { LANES, type Lane } from '../../shared/queue/job.ts';
import { LeaseKeeper } from '../../shared/queue/lease-keeper.ts';
import { jsonTasks, LeaseStore } from '../../shared/queue/lease-store.ts';
import { openState } from '../../shared/state/open.ts';

export type StoreName = 'better-queue-sqlite' | 'LeaseStore';

export type ChildStores = {
  /** One for each lane; a published store has but one. */
  stores: (LeaseStore<unknown> | SqliteStore)[];
  /** Takes back the leases of dead processes, and says how many; a published store has no such thing. */
  reclaim(): number;
};

/** The queue at `path` as a process of its own would use it. `length` is what `connect` reports, see LeaseStore. */
export function childStores(
  name: StoreName,
  path: string,
  length: 'counted' | 'unknown' = 'counted',
): ChildStores {
  if (name === 'better-queue-sqlite') return { stores: [new SqliteStore({ path })], reclaim: () => 0 };
  const leaseMs = 600_000;
  const state = openState(path);
  const here = thisProcess();
  const claims = new Claims(state, { ...here, owner: 'child' });
  const keeper = new LeaseKeeper(claims, systemClock, leaseMs);
  const parts = {
    state,
    claims,
    keeper,
    clock: systemClock,
    kind: 'task',
    leaseMs,
    tasks: jsonTasks,
    length,
  } as const;
  const lanes: Lane[] = [...LANES];
  return {
    stores: lanes.map((lane) => new LeaseStore({ ...parts, lane })),
    reclaim: () => claims.reclaim(systemClock.nowMs(), 5, (owner) => isDead(owner, here)).length,
  };
}
