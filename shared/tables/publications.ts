import { z } from 'zod';
import type { State } from '../state/open.ts';

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
  readonly #add;
  readonly #end;

  constructor(state: State) {
    this.#of = state
      .prepare<[number], string>('SELECT plan FROM load_publications WHERE task_id = ?')
      .pluck();
    this.#add = state.prepare('INSERT INTO load_publications (task_id, plan) VALUES (?, ?)');
    this.#end = state.prepare('DELETE FROM load_publications WHERE task_id = ?');
  }

  of(taskId: number): Plan | undefined {
    const plan = this.#of.get(taskId);
    return plan === undefined ? undefined : planSchema.parse(JSON.parse(plan));
  }

  add(taskId: number, plan: Plan): void {
    this.#add.run(taskId, JSON.stringify(plan));
  }

  end(taskId: number): void {
    this.#end.run(taskId);
  }
}
