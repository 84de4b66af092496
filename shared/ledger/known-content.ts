import { type BytePath, fromBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { Ledger, WHOLE_STATE } from './ledger.ts';

/** Who has content already. */
export type ContentHolder = { source: BytePath; destination: BytePath; isCommitted: boolean };

type Row = { state: 'in_flight' | 'committed'; source: Buffer; destination: Buffer };

/** Asks the ledger for content, for those who only want to know: whoever takes a file asks under the write lock. */
export class KnownContent {
  readonly #ledger: Ledger;
  readonly #byId;

  constructor(state: State) {
    this.#ledger = new Ledger(state);
    this.#byId = state.prepare<[number], Row>('SELECT state, source, destination FROM ledger WHERE id = ?');
  }

  /** In the scope of the whole state file. */
  holderOf(sha256: Buffer): ContentHolder | undefined {
    const id = this.#ledger.idOf(WHOLE_STATE, sha256);
    const row = id === undefined ? undefined : this.#byId.get(id);
    if (row === undefined) return undefined;
    const { state, source, destination } = row;
    return {
      source: fromBytes(source),
      destination: fromBytes(destination),
      isCommitted: state === 'committed',
    };
  }
}
