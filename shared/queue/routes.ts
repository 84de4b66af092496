import { type BytePath, fromBytes, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { writeTransaction } from '../state/transaction.ts';

/** A route as the state file keeps it, so that a job is handled as its own route says by any worker. */
export type Route = {
  id: number;
  name: string;
  input: BytePath;
  warehouse: BytePath;
  manifests: BytePath;
  duplicates: BytePath;
  onDuplicate: 'move' | 'delete' | 'leave';
  dedupe: 'content' | 'none';
  mode: 'stability' | 'sidecar' | 'close-write';
  stabilityMs: number;
  /** What its files become. Only 'ingest' takes custody: the places of the others are empty. */
  takes: 'ingest' | 'upload' | 'load';
  /** The warehouse's mark has been written: where it is missing, the file system is not mounted. */
  marked: boolean;
};

export type NewRoute = Omit<Route, 'id' | 'marked'>;

type RouteRow = {
  id: number;
  name: string;
  input: Buffer;
  warehouse: Buffer;
  manifests: Buffer;
  duplicates: Buffer;
  on_duplicate: Route['onDuplicate'];
  dedupe: Route['dedupe'];
  mode: Route['mode'];
  stability_ms: number;
  takes: Route['takes'];
  marked: number;
};

/** The routes this state file has known. One an input directory; saving one again updates it. */
export class Routes {
  readonly #state: State;
  readonly #upsert;
  readonly #byId;
  readonly #all;
  readonly #setMarked;

  constructor(state: State) {
    this.#state = state;
    this.#upsert = state.prepare<unknown[], { id: number }>(`
      INSERT INTO routes (name, input, warehouse, manifests, duplicates, on_duplicate, dedupe, mode, stability_ms, takes, marked)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, EXISTS (SELECT 1 FROM routes WHERE warehouse = ? AND marked = 1))
      ON CONFLICT (input) DO UPDATE SET
        name = excluded.name, warehouse = excluded.warehouse, manifests = excluded.manifests, duplicates = excluded.duplicates,
        marked = excluded.marked, on_duplicate = excluded.on_duplicate, dedupe = excluded.dedupe, mode = excluded.mode, stability_ms = excluded.stability_ms,
        takes = excluded.takes
      RETURNING id`);
    this.#byId = state.prepare<[number], RouteRow>('SELECT * FROM routes WHERE id = ?');
    this.#all = state.prepare<[], RouteRow>("SELECT * FROM routes WHERE takes = 'ingest' ORDER BY id");
    this.#setMarked = state.prepare(
      'UPDATE routes SET marked = 1 WHERE warehouse = (SELECT warehouse FROM routes WHERE id = ?)',
    );
  }

  /**
   * In a transaction of its own: `get` of a statement outside of one returns its row and drops the error of the commit that follows
   * (better-sqlite3 13.2, seen with a full disk).
   */
  save(route: NewRoute): number {
    const row = writeTransaction(this.#state, () => this.#upsertRow(route));
    if (row === undefined) throw new Error('INSERT … RETURNING gave no row');
    return row.id;
  }

  #upsertRow(route: NewRoute): { id: number } | undefined {
    return this.#upsert.get(
      route.name,
      toBytes(route.input),
      toBytes(route.warehouse),
      toBytes(route.manifests),
      toBytes(route.duplicates),
      route.onDuplicate,
      route.dedupe,
      route.mode,
      route.stabilityMs,
      route.takes,
      toBytes(route.warehouse),
    );
  }

  byId(id: number): Route | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : routeOf(row);
  }

  /** For every route of its warehouse: a new one must not mark the empty mount point of an old one's. */
  setMarked(id: number): void {
    this.#setMarked.run(id);
  }

  /** Those that take custody. */
  all(): Route[] {
    return this.#all.all().map(routeOf);
  }
}

const routeOf = (row: RouteRow): Route => ({
  id: row.id,
  name: row.name,
  input: fromBytes(row.input),
  warehouse: fromBytes(row.warehouse),
  manifests: fromBytes(row.manifests),
  duplicates: fromBytes(row.duplicates),
  onDuplicate: row.on_duplicate,
  dedupe: row.dedupe,
  mode: row.mode,
  stabilityMs: row.stability_ms,
  takes: row.takes,
  marked: row.marked === 1,
});
