import type { State } from '../../state/open.ts';
import { foldRows } from './fold-rows.ts';
import { headNumber, headOf, headOfNumber } from './head.ts';
import { RecentContents } from './recent-contents.ts';

/** Asked for, or inserted, by one statement. */
const ROWS_A_CALL = 64;

const times = (what: string): string => Array(ROWS_A_CALL).fill(what).join(', ');

/**
 * Which row of the ledger has a content. SHA-256 comes in random order: an index of it that is written with each row costs a page a row. So
 * rows are folded into the table `contents` thousands at a time and in its order, and what is newer is kept in memory by each
 * process that asks.
 *
 * What it says is complete under the write lock, but for rows that the same transaction has inserted: those are in flight, and a unique
 * index of the ledger tells of them.
 */
export class Contents {
  readonly #recent: RecentContents;
  readonly #withHead;
  readonly #knownHeads;
  readonly #has;
  readonly #add;
  readonly #addMany;
  readonly #setFolded;
  readonly #remove;

  /** @param rowsOf how many rows to fold at once where so many are folded */
  constructor(state: State, rowsOf: (folded: number) => number = foldRows) {
    this.#recent = new RecentContents(state, rowsOf);
    this.#withHead = state.prepare<[Buffer], number>('SELECT ledger_id FROM contents WHERE head = ?').pluck();
    this.#knownHeads = state
      .prepare<unknown[], Buffer>(`SELECT head FROM contents WHERE head IN (${times('?')})`)
      .pluck();
    this.#has = state.prepare('SELECT 1 FROM ledger WHERE id = ? AND dedupe_scope = ? AND sha256 = ?');
    this.#add = state.prepare('INSERT OR IGNORE INTO contents VALUES (?, ?)');
    this.#addMany = state.prepare(`INSERT OR IGNORE INTO contents VALUES ${times('(?, ?)')}`);
    this.#setFolded = state.prepare('UPDATE contents_folded SET ledger_id = ?');
    this.#remove = state.prepare('DELETE FROM contents WHERE head = ? AND ledger_id = ?');
  }

  /** To be called in a transaction before it inserts a row: see `RecentContents`. Whoever asks for content has done it. */
  catchUp(): void {
    this.#recent.catchUp();
  }

  /** The row that has this content in a scope. */
  find(scope: number, sha256: Buffer): number | undefined {
    this.#recent.catchUp();
    const ids = [...this.#recent.idsOf(headNumber(sha256)), ...this.#withHead.all(headOf(sha256))];
    return ids.find((id) => this.#has.get(id, scope, sha256) !== undefined);
  }

  /** The heads of all those that `find` would find, and of hardly any other: many are asked for at once. */
  knownHeads(sha256s: readonly Buffer[]): ReadonlySet<number> {
    this.#recent.catchUp();
    // In the order of the index, so that neighbours are on one page.
    const heads = sha256s.map(headOf).sort(Buffer.compare);
    const known = new Set(heads.map(headNumber).filter((head) => this.#recent.idsOf(head).length > 0));
    for (let at = 0; at < heads.length; at += ROWS_A_CALL) {
      const asked = heads.slice(at, at + ROWS_A_CALL);
      const padding = Array<undefined>(ROWS_A_CALL - asked.length).fill(undefined);
      for (const head of this.#knownHeads.all([...asked, ...padding])) known.add(headNumber(head));
    }
    return known;
  }

  /**
   * Folds what is due. In the transaction of who asks, which has the write lock, and before it inserts a row: a crash leaves all of it or
   * nothing, and both are right.
   */
  fold(): void {
    this.#recent.catchUp();
    if (this.#recent.isFoldDue) this.#foldAll();
  }

  #foldAll(): void {
    let values: (Buffer | number)[] = [];
    for (const [head, id] of this.#recent.inOrder()) {
      if (values.push(headOfNumber(head), id) < 2 * ROWS_A_CALL) continue;
      this.#addMany.run(values);
      values = [];
    }
    for (let at = 0; at < values.length; at += 2) this.#add.run(values[at], values[at + 1]);
    this.#setFolded.run(this.#recent.seenTo);
  }

  /** Of a row that is deleted. */
  remove(id: number, sha256: Buffer): void {
    this.#remove.run(headOf(sha256), id);
  }
}
