import type { State } from '../../state/open.ts';

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
  /** Of a published one: the volume, below the base, and the member in it. */
  volume: string | undefined;
  storedAs: string | undefined;
  stagedMs: number;
  publishedMs: number | undefined;
  /** When the archive's copy became the one that counts; undefined where the warehouse has it. */
  releasedMs: number | undefined;
};

type Row = { [Key in keyof TracedDeposit]: Exclude<TracedDeposit[Key], undefined> | null };

/** Looks up what became of committed files in archives. */
export class DepositFinder {
  readonly #ofLedger;

  constructor(state: State) {
    this.#ofLedger = state.prepare<[number], Row>(`
      SELECT archive_deposits.id, sinks.name AS sink, archive_bases.path AS base, archive, member, state, staging, volume,
        stored_as AS storedAs, staged_ms AS stagedMs, published_ms AS publishedMs, released_ms AS releasedMs
      FROM archive_deposits JOIN sinks ON sinks.id = sink_id JOIN archive_bases ON archive_bases.id = base_id
      WHERE ledger_id = ? ORDER BY archive_deposits.id`);
  }

  ofLedger(ledgerId: number): TracedDeposit[] {
    return this.#ofLedger.all(ledgerId).map(
      (row) =>
        // No column of the others can be NULL.
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [key, value ?? undefined]),
        ) as TracedDeposit,
    );
  }
}
