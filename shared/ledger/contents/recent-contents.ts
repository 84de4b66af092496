import type { State } from '../../state/open.ts';
import { openTransaction } from '../../state/transaction.ts';
import { HeadTable } from './head-table.ts';

/** The head as hexadecimal digits, which cost less than a Buffer; of a row without a scope, none. */
type Row = [id: number, head: string | null];

/**
 * In memory, the content of the rows that are not folded yet: as they stood when the present transaction began. A row may have gone since
 * it was read, and what is found here is to be looked up in the ledger.
 */
export class RecentContents {
  readonly #state: State;
  readonly #rowsOf: (folded: number) => number;
  readonly #folded;
  readonly #newer;
  readonly #rows = new HeadTable();
  #foldedTo = 0;
  #seenTo = 0;
  #seenIn: number | undefined;

  constructor(state: State, rowsOf: (folded: number) => number) {
    this.#state = state;
    this.#rowsOf = rowsOf;
    this.#folded = state.prepare<[], number>('SELECT ledger_id FROM contents_folded').pluck();
    this.#newer = state
      .prepare<[number], Row>(
        'SELECT id, iif(dedupe_scope IS NULL, NULL, hex(substr(sha256, 1, 6))) FROM ledger WHERE id > ? ORDER BY id',
      )
      .raw();
  }

  /**
   * Reads what has been added since, by whomever. Once in a transaction, before it has inserted anything: its own rows may be rolled back
   * and their numbers given to others, and so they are read when it is over.
   */
  catchUp(): void {
    const transaction = openTransaction(this.#state);
    if (transaction !== undefined && transaction === this.#seenIn) return;
    this.#seenIn = transaction;
    const foldedTo = this.#folded.get() ?? 0;
    if (foldedTo !== this.#foldedTo) {
      this.#rows.clear();
      this.#foldedTo = foldedTo;
      this.#seenTo = foldedTo;
    }
    for (const [id, head] of this.#newer.iterate(this.#seenTo)) {
      if (head !== null) this.#rows.add(Number.parseInt(head, 16), id);
      this.#seenTo = id;
    }
  }

  /** Rows that may have content of this head. */
  idsOf(head: number): readonly number[] {
    return this.#rows.idsOf(head);
  }

  /** Every row that has been read and is not folded, in the order of the index. */
  inOrder(): Iterable<readonly [head: number, id: number]> {
    return this.#rows.inOrder();
  }

  /** Whether so many have been read that it is worth its while to fold them. */
  get isFoldDue(): boolean {
    return this.#seenTo - this.#foldedTo >= this.#rowsOf(this.#foldedTo);
  }

  /** The last row that has been read. */
  get seenTo(): number {
    return this.#seenTo;
  }
}
