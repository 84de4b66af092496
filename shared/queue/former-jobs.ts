import { EnvironmentError } from '../errors.ts';
import { type BytePath, toBytes, toText } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { writeTransaction } from '../state/transaction.ts';
import { FileRecords } from '../uploads/file-records.ts';
import type { Route } from './routes.ts';

/** In one transaction, so that workers do not wait for long. */
const PAGE = 1000;

/** What a route did with its files once, and does no more, by what it does now. */
const FORMER_KIND = { ingest: 'upload', upload: 'ingest' } as const;

/** `taking`: what it does with its files as far as whoever asks knows. */
export type RouteOfFiles = Pick<Route, 'id' | 'input'> & { taking: keyof typeof FORMER_KIND };

/**
 * The jobs of a route from when it did something else with its files: they were to be taken into custody and are uploaded by now, or the
 * other way round. Nobody would settle them as their route says, and the scan puts a job of the new kind for each file.
 */
export class FormerJobs {
  readonly #state: State;
  readonly #records: FileRecords;
  readonly #inCustody;
  readonly #find;
  readonly #remove;

  constructor(state: State) {
    this.#state = state;
    this.#records = new FileRecords(state);
    this.#inCustody = state
      .prepare<[Buffer], number>(`
        WITH route AS (SELECT id FROM routes WHERE input = ?)
        SELECT (SELECT count(*) FROM ledger INDEXED BY ledger_in_flight_job WHERE state = 'in_flight' AND route_id IN route)
          + (SELECT count(*) FROM duplicates INDEXED BY duplicates_in_flight_job WHERE state = 'in_flight' AND route_id IN route)`)
      .pluck();
    // What was moved out of the input has another key; what was handed on from the warehouse has its row in the ledger. The range of keys is
    // what the index finds, at each scan.
    this.#find = state
      .prepare<unknown[], number>(`
        SELECT jobs.id FROM jobs WHERE kind = ? AND key > ? AND key < ? AND route_id = ? AND state <> 'leased'
          AND payload ->> 'ledger' IS NULL AND EXISTS (SELECT 1 FROM routes WHERE id = jobs.route_id AND takes = ?)
          AND NOT EXISTS (SELECT 1 FROM ledger WHERE job_id = jobs.id AND state = 'in_flight')
          AND NOT EXISTS (SELECT 1 FROM duplicates WHERE job_id = jobs.id AND state = 'in_flight')
          AND NOT EXISTS (SELECT 1 FROM file_records
            WHERE job_id = jobs.id AND current_state IN ('incoming', 'processing') AND upload_outcome IS NOT NULL)
        LIMIT ${PAGE}`)
      .pluck();
    this.#remove = state.prepare("DELETE FROM jobs WHERE id = ? AND state <> 'leased'");
  }

  /**
   * Refuses to make uploads of the files of an input of which some are in the middle of being taken into custody: only the route that they
   * began with knows where they go.
   *
   * @throws EnvironmentError `route.in-custody`
   */
  refuseInCustody(input: BytePath): void {
    const files = this.#inCustody.get(toBytes(input)) ?? 0;
    if (files === 0) return;
    const text = toText(input);
    throw new EnvironmentError(`${text} has files in the middle of being taken into custody: ${files}`, {
      code: 'route.in-custody',
      subject: text,
      hint: 'let them be finished first: wharfinger start --once, with the options or the config file that they began with',
    });
  }

  /**
   * Removes those of a route that does `taking` now, unless a worker has them in hand, or only the end of their way is left. Stays that they
   * had begun are over, and what lies on a server in parts is taken away by a worker. Idempotent; nothing where the state file says by now
   * that the route does something else.
   *
   * @returns how many they were
   */
  drop(route: RouteOfFiles, nowMs: number): number {
    for (let dropped = 0; ; ) {
      const some = this.#dropSome(route, nowMs);
      dropped += some;
      if (some < PAGE) return dropped;
    }
  }

  #dropSome({ id: routeId, input, taking }: RouteOfFiles, nowMs: number): number {
    const [after, before] = ['/', '0'].map((end) =>
      toBytes(`${input === '/' ? '' : input}${end}` as BytePath),
    );
    const find = () => this.#find.all(FORMER_KIND[taking], after, before, routeId, taking);
    if (find().length === 0) return 0;
    return writeTransaction(this.#state, () => {
      const ids = find();
      for (const id of ids) {
        const stay = this.#records.openOfJob(id);
        if (stay !== undefined)
          this.#records.close(stay.id, { state: 'gone', reason: TAKEN_OVER, path: stay.path }, nowMs);
        this.#remove.run(id);
      }
      return ids.length;
    });
  }
}

const TAKEN_OVER = 'its directory is taken into custody by now';
