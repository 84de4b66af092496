import type { State } from '../state/open.ts';

/** Rows of one call. Measured: it halves the time a row takes, and more rows make hardly a difference. */
const ROWS = 64;

export type ManyRowsOptions<Item> = {
  /** The statement up to VALUES. */
  head: string;
  /** The values of one row, in parentheses. */
  values: string;
  /** What follows the values. */
  tail: string;
  /** What is bound to the `?` of one row. */
  bind(item: Item): unknown[];
};

/** An INSERT that takes many rows a call: most of the time of a small insert goes into the call. */
export class ManyRows<Item> {
  readonly #bind: (item: Item) => unknown[];
  readonly #many;
  readonly #one;

  constructor(state: State, { head, values, tail, bind }: ManyRowsOptions<Item>) {
    const insert = (rows: number) =>
      state.prepare(`${head} VALUES ${Array(rows).fill(values).join(', ')} ${tail}`);
    this.#bind = bind;
    this.#many = insert(ROWS);
    this.#one = insert(1);
  }

  /** @returns how many rows were inserted or changed */
  run(items: readonly Item[]): number {
    let changes = 0;
    let at = 0;
    for (; at + ROWS <= items.length; at += ROWS) {
      changes += this.#many.run(items.slice(at, at + ROWS).flatMap(this.#bind)).changes;
    }
    for (const item of items.slice(at)) changes += this.#one.run(this.#bind(item)).changes;
    return changes;
  }
}
