import type { Clock } from '../clock.ts';
import { fromText, toBytes, toText } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { writeTransaction } from '../state/transaction.ts';
import type { Claims } from './claim.ts';
import type { Job, Lane } from './job.ts';
import type { HeldLease, LeaseKeeper } from './lease-keeper.ts';

/** A job together with the lease it is held under. */
export type LeasedJob = Job & { lease: HeldLease };

/** How better-queue's tasks and our jobs correspond. */
export type TaskForm<Task> = {
  /** The tasks of one lock by id. */
  fromJobs(jobs: readonly LeasedJob[]): Record<string, Task>;
  /** Absent where tasks only come from the discoverer and the sinks. */
  toPayload?(task: Task): string;
};

/** The general form: a task is what a job's payload says. */
export const jsonTasks: TaskForm<unknown> = {
  fromJobs: (jobs) =>
    Object.fromEntries(jobs.map((job) => [toText(job.key), JSON.parse(job.payload ?? 'null')])),
  toPayload: (task) => JSON.stringify(task),
};

/**
 * A worker's form: a task is all that one lease holds. better-queue keeps a book of every task, which for thousands of jobs a second is
 * more work than reading their files.
 */
export const leaseTasks: TaskForm<readonly LeasedJob[]> = {
  fromJobs: (jobs) => ({ [`lease ${jobs[0]?.lease.token}`]: jobs }),
};

export type LeaseStoreOptions<Task> = {
  state: State;
  claims: Claims;
  keeper: LeaseKeeper;
  clock: Clock;
  kind: string;
  lane: Lane;
  leaseMs: number;
  tasks: TaskForm<Task>;
  /** How many jobs a lock holds at the most, where that is not what better-queue asks for. */
  jobsPerLock?: number;
  /**
   * What `connect` reports. better-queue counts its own puts and takes, which says nothing where other processes put and take
   * as well: `unknown` makes it always ask. `counted` is the contract's number.
   */
  length?: 'counted' | 'unknown';
  /** Asked before each take; where it says no, nothing is taken. */
  mayTake?(): boolean;
  /** better-queue drops what a take fails with, and asks again at the next wake: it is told here. */
  onTakeFailed?(error: unknown): void;
};

type Callback<T = void> = (error?: unknown, result?: T) => void;

/**
 * The store behind better-queue: one lane of one kind of the durable queue, as this process sees it.
 *
 * It differs from the published stores where they would lose work: a put has been written and fsynced before it is
 * acknowledged; a lock is a lease that ends by itself when its holder dies; connecting adopts nobody's running
 * tasks; and releasing a lock deletes only jobs that still carry its token.
 *
 * @see https://github.com/diamondio/better-queue for the protocol (connect, getTask, putTask, deleteTask, takeFirstN,
 * takeLastN, getLock, getRunningTasks, releaseLock, close)
 */
export class LeaseStore<Task> {
  readonly #options: LeaseStoreOptions<Task>;
  readonly #running = new Map<string, { lease: HeldLease; tasks: Record<string, Task> }>();
  readonly #count;
  readonly #get;
  readonly #put;
  readonly #delete;
  readonly #complete;

  constructor(options: LeaseStoreOptions<Task>) {
    this.#options = options;
    const { state } = options;
    this.#count = state.prepare<unknown[], { n: number }>(
      "SELECT count(*) AS n FROM jobs WHERE kind = ? AND lane = ? AND state = 'ready'",
    );
    this.#get = state.prepare<unknown[], { payload: string | null }>(
      "SELECT payload FROM jobs WHERE kind = ? AND key = ? AND state = 'ready'",
    );
    this.#put = state.prepare(`
      INSERT INTO jobs (kind, key, lane, payload, priority, enqueued_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, key, sink_id) DO UPDATE SET
        payload = excluded.payload, priority = excluded.priority, lane = excluded.lane, state = 'ready', lease_token = NULL,
        attempts = 0, reason = NULL, updated_ms = excluded.updated_ms`);
    this.#delete = state.prepare('DELETE FROM jobs WHERE kind = ? AND key = ?');
    this.#complete = state.prepare('DELETE FROM jobs WHERE lease_token = ?');
  }

  connect(callback: Callback<number>): void {
    const { length = 'counted' } = this.#options;
    settle(callback, () => (length === 'unknown' ? Number.MAX_SAFE_INTEGER : this.#readyCount()));
  }

  /** A task that waits under this id; undefined where there is none or where it is being worked on. */
  getTask(taskId: string, callback: Callback<Task>): void {
    settle(callback, () => {
      const row = this.#get.get(this.#options.kind, key(taskId));
      return row === undefined ? undefined : (JSON.parse(row.payload ?? 'null') as Task);
    });
  }

  /** Durable when the callback is called. Putting an id that is being worked on takes it away from its holder. */
  putTask(taskId: string, task: Task, priority: number | undefined, callback: Callback): void {
    settle(callback, () => {
      const { kind, lane, clock, tasks, state } = this.#options;
      if (tasks.toPayload === undefined) throw new TypeError('this store only takes tasks, it is given none');
      const payload = tasks.toPayload(task);
      const nowMs = clock.nowMs();
      writeTransaction(state, () =>
        this.#put.run(kind, key(taskId), lane, payload, priority ?? 0, nowMs, nowMs),
      );
    });
  }

  deleteTask(taskId: string, callback: Callback): void {
    settle(callback, () => {
      this.#delete.run(this.#options.kind, key(taskId));
    });
  }

  takeFirstN(limit: number, callback: Callback<string>): void {
    this.#takeInto(callback, limit, 'oldest');
  }

  takeLastN(limit: number, callback: Callback<string>): void {
    this.#takeInto(callback, limit, 'newest');
  }

  getLock(lockId: string, callback: Callback<Record<string, Task>>): void {
    settle(callback, () => this.#tasksOf(lockId));
  }

  /** The locks of this process alone: others' are none of our business. */
  getRunningTasks(callback: Callback<Record<string, Record<string, Task>>>): void {
    settle(callback, () =>
      Object.fromEntries([...this.#running.keys()].map((lockId) => [lockId, this.#tasksOf(lockId)])),
    );
  }

  /**
   * Acknowledges what a lock still holds as done, and ends its lease. Idempotent; after the lease was ended or lost it touches
   * nothing.
   */
  releaseLock(lockId: string, callback: Callback): void {
    settle(callback, () => {
      const { state, keeper } = this.#options;
      const token = this.#running.get(lockId)?.lease.token;
      if (token !== undefined && keeper.holds(token)) {
        writeTransaction(state, () => this.#complete.run(token));
        keeper.end(token);
      }
      this.#running.delete(lockId);
    });
  }

  close(callback: Callback): void {
    settle(callback, () => {
      for (const { lease } of this.#running.values()) this.#options.keeper.end(lease.token);
      this.#running.clear();
    });
  }

  #readyCount(): number {
    return this.#count.get(this.#options.kind, this.#options.lane)?.n ?? 0;
  }

  #takeInto(callback: Callback<string>, limit: number, end: 'oldest' | 'newest'): void {
    const report: Callback<string> = (error, lockId) => {
      if (error !== undefined) this.#options.onTakeFailed?.(error);
      callback(error, lockId);
    };
    settle(report, () => this.#take(limit, end));
  }

  #take(limit: number, end: 'oldest' | 'newest'): string {
    const { claims, keeper, clock, kind, lane, leaseMs, tasks, jobsPerLock = limit } = this.#options;
    if (this.#options.mayTake?.() === false) return NOTHING;
    const startedMs = clock.monotonicMs();
    const claimed = claims.claim({ kind, lane, limit: jobsPerLock, leaseMs, nowMs: clock.nowMs(), end });
    if (claimed === undefined) return NOTHING;
    const lease = keeper.keep(claimed, startedMs);
    const lockId = String(claimed.token);
    const jobs = claimed.jobs.map((job): LeasedJob => Object.assign(job, { lease }));
    this.#running.set(lockId, { lease, tasks: tasks.fromJobs(jobs) });
    return lockId;
  }

  #tasksOf(lockId: string): Record<string, Task> {
    return this.#running.get(lockId)?.tasks ?? {};
  }
}

/** The lock of an empty take: no lease has the token 0. */
const NOTHING = '0';

const key = (taskId: string): Buffer => toBytes(fromText(taskId));

/** better-queue calls back; ours is synchronous, so that the answer is on disk before the callback runs. */
function settle<T>(callback: Callback<T>, work: () => T | undefined): void {
  let result: T | undefined;
  try {
    result = work();
  } catch (error) {
    callback(error);
    return;
  }
  callback(undefined, result);
}
