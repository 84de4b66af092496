import type { ArchivePath } from '../../archives/contract.ts';
import type { State } from '../../state/open.ts';
import { type StoredNow, storedNow } from './stored-now.ts';

/** One file on its way into an archive, as a person asks about it. */
export type TracedDeposit = {
  id: number;
  sink: string;
  base: string;
  archive: string;
  member: string;
  state: 'staged' | 'published';
  /** Of its staging archive, without turn and suffix. */
  staging: string;
  /** Of a published one, when it was found in its archive: the volume, below the base, and the member in it. */
  volume: string | undefined;
  storedAs: string | undefined;
  /** Where it is by now. */
  now: StoredNow;
  stagedMs: number;
  publishedMs: number | undefined;
  /** When the archive's copy became the one that counts; undefined where the warehouse has it. */
  releasedMs: number | undefined;
};

type Row = Pick<TracedDeposit, 'id' | 'sink' | 'base' | 'archive' | 'member' | 'state' | 'staging'> & {
  marked: number;
  sha256: Buffer;
  volume: string | null;
  storedAs: string | null;
  stagedMs: number;
  publishedMs: number | null;
  releasedMs: number | null;
};

/** Looks up what became of committed files in archives. */
export class DepositFinder {
  readonly #ofLedger;
  readonly #named;

  constructor(state: State) {
    this.#ofLedger = state.prepare<[number], Row>(`
      SELECT archive_deposits.id, sinks.name AS sink, archive_bases.path AS base, marked, archive, member, sha256, state, staging, volume,
        stored_as AS storedAs, staged_ms AS stagedMs, published_ms AS publishedMs, released_ms AS releasedMs
      FROM archive_deposits JOIN sinks ON sinks.id = sink_id JOIN archive_bases ON archive_bases.id = base_id
      WHERE ledger_id = ? ORDER BY archive_deposits.id`);
    this.#named = state
      .prepare<unknown[], number>(`
        SELECT ledger_id FROM archive_deposits
        WHERE base_id = @baseId AND (archive = @archive OR volume = @archive) AND (member = @member OR stored_as = @member)
        ORDER BY id`)
      .pluck();
  }

  /** With a look into each archive. */
  ofLedger(ledgerId: number): TracedDeposit[] {
    return this.#ofLedger.all(ledgerId).map((row) => {
      const { marked, sha256, volume, storedAs, publishedMs, releasedMs, ...rest } = row;
      return {
        ...rest,
        volume: volume ?? undefined,
        storedAs: storedAs ?? undefined,
        now: storedNow({ ...row, marked: marked === 1 }),
        publishedMs: publishedMs ?? undefined,
        releasedMs: releasedMs ?? undefined,
      };
    });
  }

  /**
   * The rows of the ledger whose files were deposited under a name, or are stored under it; the archive may also be named by one of its
   * volumes. Reads all deposits: names have no index.
   */
  ledgerIdsOf(baseId: number, to: ArchivePath): number[] {
    return this.#named.all({ baseId, ...to });
  }
}
