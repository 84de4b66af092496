import { Releases } from '../../../../shared/archive-sink/releases.ts';
import type { BytePath } from '../../../../shared/fs/byte-path.ts';
import { Duplicates } from '../../../../shared/ledger/duplicates.ts';
import { Ledger, type LedgerRow } from '../../../../shared/ledger/ledger.ts';
import { SidecarRemovals } from '../../../../shared/ledger/sidecar-removals.ts';
import { Totals } from '../../../../shared/ledger/totals.ts';
import { Manifests } from '../../../../shared/manifest/manifests.ts';
import { Candidates } from '../../../../shared/queue/candidates.ts';
import { Routes } from '../../../../shared/queue/routes.ts';
import { Settlements } from '../../../../shared/queue/settle.ts';
import { SinkJobs } from '../../../../shared/queue/sink-jobs.ts';
import { Sinks } from '../../../../shared/queue/sinks.ts';
import type { State } from '../../../../shared/state/open.ts';
import type { InFlight } from './custody.ts';
import { sidecarSeenBefore } from './sidecar.ts';

/** The tables that taking custody writes to, on one connection. */
export class IngestStore {
  readonly state: State;
  readonly settlements: Settlements;
  readonly ledger: Ledger;
  readonly duplicates: Duplicates;
  readonly candidates: Candidates;
  readonly manifests: Manifests;
  readonly removals: SidecarRemovals;
  readonly routes: Routes;
  readonly totals: Totals;
  readonly #releases: Releases;
  readonly #sinks: Sinks;
  readonly #sinkJobs: SinkJobs;
  readonly #takeJob;
  readonly #jobsInFlight;

  constructor(state: State) {
    this.state = state;
    this.settlements = new Settlements(state);
    this.ledger = new Ledger(state);
    this.duplicates = new Duplicates(state);
    this.candidates = new Candidates(state);
    this.manifests = new Manifests(state);
    this.removals = new SidecarRemovals(state);
    this.routes = new Routes(state);
    this.totals = new Totals(state);
    this.#releases = new Releases(state);
    this.#sinks = new Sinks(state);
    this.#sinkJobs = new SinkJobs(state);
    this.#takeJob = state.prepare<[number], { payload: string | null }>(
      'DELETE FROM jobs WHERE id = ? RETURNING payload',
    );
    const inFlightIn = (table: string) =>
      `SELECT job_id FROM ${table} WHERE state = 'in_flight' AND job_id IN (SELECT id FROM jobs WHERE lease_token = ?)`;
    this.#jobsInFlight = state
      .prepare<[number, number], number>(`${inFlightIn('ledger')} UNION ALL ${inFlightIn('duplicates')}`)
      .pluck();
  }

  /** Which jobs of a lease an earlier holder left in flight. */
  jobsInFlight(token: number): ReadonlySet<number> {
    return new Set(this.#jobsInFlight.all(token, token));
  }

  /** What a job left in flight when its holder died. */
  inFlightOf(jobId: number): InFlight | undefined {
    const original = this.ledger.inFlightOf(jobId);
    if (original !== undefined) return { type: 'original', row: original };
    const duplicate = this.duplicates.inFlightOf(jobId);
    if (duplicate === undefined) return undefined;
    const { destination, sizeBytes, sha256 } =
      this.ledger.byId(duplicate.ledgerId) ?? missing(duplicate.ledgerId);
    return { type: 'duplicate', row: duplicate, original: { destination, sizeBytes, sha256 } };
  }

  /** Whether the same content is on record at a destination for another row: then the file there is that row's. */
  isSameOfAnotherRow(inFlight: InFlight, destination: BytePath): boolean {
    const { row } = inFlight;
    if (inFlight.type === 'original')
      return this.ledger.hasContentAt(inFlight.row.sha256, destination, row.id);
    return (
      this.ledger.hasContentAt(inFlight.original.sha256, destination) ||
      this.duplicates.hasContentAt(inFlight.row.ledgerId, destination, row.id)
    );
  }

  /** The same whatever the content is: reads both tables from end to end. */
  isOfAnotherRow({ type, row }: InFlight, destination: BytePath): boolean {
    const isOriginal = type === 'original';
    return (
      this.ledger.hasDestination(destination, isOriginal ? row.id : undefined) ||
      this.duplicates.hasDestination(destination, isOriginal ? undefined : row.id)
    );
  }

  /** Chooses another destination before anything is moved there; fenced. @returns false where it is in flight for another */
  moveDestination({ type, row }: InFlight, destination: BytePath, token: number): boolean {
    const table = type === 'original' ? this.ledger : this.duplicates;
    return table.moveDestination(row.id, destination, token);
  }

  /** Ends the job of a row that was committed by adoption, whoever holds it. */
  completeAdopted(row: LedgerRow): void {
    const job = this.#takeJob.get(row.jobId);
    if (job === undefined) return;
    const sidecar = sidecarSeenBefore({ key: row.source, payload: job.payload ?? undefined }, row.decidedMs);
    if (sidecar !== undefined) this.removals.add(sidecar);
  }

  /** Whether the committed copy of a row is one in an archive by now, where nobody sees it beside a duplicate. */
  isReleased(ledgerId: number): boolean {
    return this.#releases.isReleased(ledgerId);
  }

  /** Hands committed rows on, inside the transaction that commits them. */
  handOn(rows: readonly LedgerRow[], nowMs: number): void {
    const sinks = new Map(
      [...new Set(rows.map(({ routeId }) => routeId))].map((id) => [id, this.#sinks.ofRoute(id)]),
    );
    const files = rows.map(({ id, destination, ...row }) => ({ ...row, ledgerId: id, path: destination }));
    this.#sinkJobs.add(files, (routeId) => sinks.get(routeId) ?? [], nowMs);
  }

  withdraw({ type, row }: InFlight): void {
    if (type === 'original') this.ledger.withdraw(row.id);
    else this.duplicates.withdraw(row.id);
  }
}

function missing(ledgerId: number): never {
  throw new Error(`a duplicate names ledger row ${ledgerId}, which does not exist`);
}
