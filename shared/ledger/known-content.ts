import { type BytePath, fromBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { WHOLE_STATE } from './ledger.ts';

/** Who has content already. */
export type ContentHolder = { source: BytePath; destination: BytePath; isCommitted: boolean };

type Row = { state: 'in_flight' | 'committed'; source: Buffer; destination: Buffer };

/** Asks the ledger for content, for those who only want to know: whoever takes a file lets the unique index decide. */
export class KnownContent {
  readonly #bySha256;

  constructor(state: State) {
    this.#bySha256 = state.prepare<[number, Buffer], Row>(
      'SELECT state, source, destination FROM ledger WHERE scope = ? AND sha256 = ?',
    );
  }

  /** In the scope of the whole state file. */
  holderOf(sha256: Buffer): ContentHolder | undefined {
    const row = this.#bySha256.get(WHOLE_STATE, sha256);
    if (row === undefined) return undefined;
    const { state, source, destination } = row;
    return {
      source: fromBytes(source),
      destination: fromBytes(destination),
      isCommitted: state === 'committed',
    };
  }
}
