import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Clock } from '../../shared/clock.ts';
import { fromText } from '../../shared/fs/byte-path.ts';
import { Claims, type Holder, type Lease } from '../../shared/queue/claim.ts';
import { Enqueuer } from '../../shared/queue/enqueue.ts';
import type { JobState, Lane, NewJob } from '../../shared/queue/job.ts';
import { LeaseKeeper } from '../../shared/queue/lease-keeper.ts';
import { Settlements } from '../../shared/queue/settle.ts';
import { openState, type State } from '../../shared/state/open.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import { tempDir } from './temp.ts';

export const LEASE_MS = 30_000;

/** A clock that stands until it is turned; its two times are turned together or one by one. */
export class TurnedClock implements Clock {
  wallMs: number;
  steadyMs = 5_000;

  constructor(wallMs = 1_800_000_000_000) {
    this.wallMs = wallMs;
  }

  nowMs(): number {
    return this.wallMs;
  }

  monotonicMs(): number {
    return this.steadyMs;
  }

  turn(ms: number): void {
    this.wallMs += ms;
    this.steadyMs += ms;
  }
}

/** One process's view of a queue: a connection of its own, an identity of its own. */
export type QueueHolder = {
  state: State;
  claims: Claims;
  enqueuer: Enqueuer;
  settlements: Settlements;
  keeper: LeaseKeeper;
  clock: TurnedClock;
  /** Puts a job of kind `ingest` in a transaction of its own. */
  put(key: string, job?: Partial<NewJob>): boolean;
  claim(limit?: number, lane?: Lane, kind?: string): Lease | undefined;
};

export const holderNamed = (owner: string, pid = 1): Holder => ({
  owner,
  host: 'here',
  boot: 'now',
  pid,
  pidStart: '1',
});

export function openHolder(
  path: string,
  clock: TurnedClock,
  holder: Holder = holderNamed('one'),
): QueueHolder {
  const state = openState(path, { busyTimeoutMs: 0 });
  const claims = new Claims(state, holder);
  const enqueuer = new Enqueuer(state);
  return {
    state,
    claims,
    enqueuer,
    settlements: new Settlements(state),
    keeper: new LeaseKeeper(claims, clock, LEASE_MS),
    clock,
    put: (key, job) =>
      writeTransaction(state, () =>
        enqueuer.put({ kind: 'ingest', key: fromText(key), ...job }, clock.nowMs()),
      ),
    claim: (limit = 100, lane = 'batch', kind = 'ingest') =>
      claims.claim({ kind, lane, limit, leaseMs: LEASE_MS, nowMs: clock.nowMs() }),
  };
}

/** A queue of the test's own and the first who uses it; `another` opens it once more. */
export function ownQueue(context: TestContext): {
  path: string;
  one: QueueHolder;
  another(owner: string, pid: number): QueueHolder;
} {
  const path = join(tempDir(context), 'state.db');
  const clock = new TurnedClock();
  const opened: QueueHolder[] = [];
  const open = (holder?: Holder) => {
    const queue = openHolder(path, clock, holder);
    opened.push(queue);
    return queue;
  };
  context.after(() => {
    for (const { keeper, state } of opened) {
      keeper.stop();
      state.close();
    }
  });
  return { path, one: open(), another: (owner, pid) => open(holderNamed(owner, pid)) };
}

export type SeenJob = {
  id: number;
  key: string;
  lane: Lane;
  state: JobState;
  attempts: number;
  token: number | null;
  runAtMs: number;
  reason: string | null;
};

/** All jobs, in the order in which they came. */
export const seenJobs = (state: State): SeenJob[] =>
  state
    .prepare<[], SeenJob>(`
      SELECT id, CAST(key AS TEXT) AS key, lane, state, attempts, lease_token AS token, run_at_ms AS runAtMs, reason
      FROM jobs ORDER BY id`)
    .all();
