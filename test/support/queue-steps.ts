import assert from 'node:assert/strict';
import type SqliteStore from 'better-queue-sqlite';
import fc from 'fast-check';
import type { LeaseStore } from '../../shared/queue/lease-store.ts';
import { answer } from './queue-store.ts';

/** The two that are compared. */
type Store = LeaseStore<unknown> | SqliteStore;
/** One thing that is asked of a store. */
export type Step =
  | { do: 'put'; id: string; value: number; priority: number }
  | { do: 'get'; id: string }
  | { do: 'delete'; id: string }
  | { do: 'takeFirstN'; limit: number }
  | { do: 'takeLastN'; limit: number }
  | { do: 'getLock'; nth: number }
  | { do: 'releaseLock'; nth: number }
  | { do: 'getRunningTasks' };

const id = fc.constantFrom('a', 'b', 'c', 'd', 'é', 'a b');
const limit = fc.integer({ min: 1, max: 3 });
const nth = fc.nat(5);

export const steps = (
  priority: fc.Arbitrary<number>,
  take: 'takeFirstN' | 'takeLastN',
): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('put'), id, value: fc.integer(), priority }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('get', 'delete'), id }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('takeFirstN', take), limit }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('getLock', 'releaseLock'), nth }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('getRunningTasks') }) },
    ),
    { maxLength: 40, size: 'max' },
  );

/** One store with the locks it gave, so that both can be asked for their n-th. */
export class StorePlayer {
  readonly #store: Store;
  readonly #locks: string[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  async play(step: Step): Promise<unknown> {
    const store = this.#store;
    if (step.do === 'put')
      return await answer<void>((cb) => store.putTask(step.id, { value: step.value }, step.priority, cb));
    if (step.do === 'get') return await answer<unknown>((cb) => store.getTask(step.id, cb));
    if (step.do === 'delete') return await answer<void>((cb) => store.deleteTask(step.id, cb));
    if (step.do === 'takeFirstN' || step.do === 'takeLastN') return await this.#take(step.do, step.limit);
    if (step.do === 'getRunningTasks') return await this.#running();
    return await this.#ask(step.do, this.#locks[step.nth]);
  }

  async #ask(what: 'getLock' | 'releaseLock', lock: string | undefined): Promise<unknown> {
    if (lock === undefined) return 'no such lock';
    if (what === 'releaseLock') return await answer<void>((cb) => this.#store.releaseLock(lock, cb));
    return await this.#contents(lock);
  }

  async #take(take: 'takeFirstN' | 'takeLastN', limit: number): Promise<unknown> {
    const lock = await answer<string>((cb) => this.#store[take](limit, cb));
    assert.ok(lock !== undefined);
    const tasks = await this.#contents(lock);
    if (Object.keys(tasks).length > 0) this.#locks.push(lock);
    return tasks;
  }

  async #contents(lock: string): Promise<Record<string, unknown>> {
    return { ...(await answer<Record<string, unknown>>((cb) => this.#store.getLock(lock, cb))) };
  }

  async #running(): Promise<unknown> {
    const running = await answer<Record<string, Record<string, unknown>>>((cb) =>
      this.#store.getRunningTasks(cb),
    );
    return this.#locks.map((lock) => ({ ...running?.[lock] }));
  }
}

/** Leaves out the steps on which the two differ by design, as differential.test.ts lists them. */
export class AgreedSteps {
  readonly #waiting = new Set<string>();
  readonly #locks: string[][] = [];

  allows(step: Step): boolean {
    const isRunning = (id: string) => this.#locks.some((ids) => ids.includes(id));
    if (step.do === 'put') return !this.#waiting.has(step.id) && !isRunning(step.id);
    return step.do !== 'delete' || !isRunning(step.id);
  }

  note(step: Step, result: unknown): void {
    if (step.do === 'put') this.#waiting.add(step.id);
    if (step.do === 'delete') this.#waiting.delete(step.id);
    if (step.do === 'releaseLock') this.#locks[step.nth] &&= [];
    if (step.do !== 'takeFirstN' && step.do !== 'takeLastN') return;
    const ids = Object.keys(result as object);
    for (const id of ids) this.#waiting.delete(id);
    if (ids.length > 0) this.#locks.push(ids);
  }
}
