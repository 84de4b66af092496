import { z } from 'zod';
import { toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { taskKey } from './task-key.ts';

const moveSchema = z.strictObject({ from: z.string(), to: z.string() });

const planSchema = z.strictObject({
  /** As it is written in `load_contents`. */
  target: z.string(),
  table: z.string(),
  /** Below the directory of the target. */
  data: moveSchema,
  rejects: moveSchema.optional(),
});

/** Which temporary file is to get which name: the rejects first, the data last. Once the data has its name, all of it is published. */
export type Plan = z.infer<typeof planSchema>;

/** What tasks are about to publish: one plan a task. Every method that writes is to be called inside a transaction that asks for the lease. */
export class Publications {
  readonly #of;
  readonly #isInHand;
  readonly #add;
  readonly #end;

  constructor(state: State) {
    this.#of = state
      .prepare<[number], string>('SELECT plan FROM load_publications WHERE task_id = ?')
      .pluck();
    this.#isInHand = state
      .prepare<[Buffer], number>(
        "SELECT EXISTS (SELECT 1 FROM jobs WHERE kind = 'load' AND key = ? AND lease_token IS NOT NULL)",
      )
      .pluck();
    this.#add = state.prepare('INSERT INTO load_publications (task_id, plan) VALUES (?, ?)');
    this.#end = state.prepare('DELETE FROM load_publications WHERE task_id = ?');
  }

  of(taskId: number): Plan | undefined {
    const plan = this.#of.get(taskId);
    return plan === undefined ? undefined : planSchema.parse(JSON.parse(plan));
  }

  /** Whether a holder works on the task. What it plans where none does is abandoned. */
  isInHand(taskId: number): boolean {
    return this.#isInHand.get(toBytes(taskKey(taskId))) === 1;
  }

  add(taskId: number, plan: Plan): void {
    this.#add.run(taskId, JSON.stringify(plan));
  }

  end(taskId: number): void {
    this.#end.run(taskId);
  }
}
