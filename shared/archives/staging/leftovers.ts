import type { Clock } from '../../clock.ts';
import { errnoOf, WharfingerError } from '../../errors.ts';

/** Between two attempts. */
const RETRY_MS = 10_000;

/** Throws as long as it is to be tried again. */
type Task = () => Promise<void>;

/**
 * Names in the inbox that could not be given up as they should: while this process lives no scavenger takes its open staging archives, so
 * nobody else would ever collect them. Tried again until it is done; when the process ends, whatever is left is a dead writer's.
 */
export class Leftovers {
  readonly #clock: Clock;
  readonly #dueMs = new Map<Task, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** By the monotonic clock; undefined where nothing is left over. */
  get nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const dueMs of this.#dueMs.values()) next = Math.min(next ?? dueMs, dueMs);
    return next;
  }

  /** To be done when some time has passed. */
  keep(task: Task): void {
    this.#dueMs.set(task, this.#clock.monotonicMs() + RETRY_MS);
  }

  /** To be done now, or else later. */
  async settle(task: Task): Promise<void> {
    try {
      await task();
      this.#dueMs.delete(task);
    } catch (error) {
      if (!(error instanceof WharfingerError) && errnoOf(error) === undefined) throw error;
      this.keep(task);
    }
  }

  /** What is due. */
  async retry(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    for (const [task, dueMs] of [...this.#dueMs]) if (dueMs <= nowMs) await this.settle(task);
  }

  /** All of it, due or not. */
  async retryAll(): Promise<void> {
    for (const task of [...this.#dueMs.keys()]) await this.settle(task);
  }
}
