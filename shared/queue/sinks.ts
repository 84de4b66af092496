import { type SinkSettings, sinkSchema } from '../config/settings.ts';
import type { State } from '../state/open.ts';
import { tablePlace } from '../tables/table-place.ts';

/** A sink as the state file keeps it, so that any worker hands on as the file's own route says. */
export type Sink = { id: number; routeId: number; settings: SinkSettings };

type SinkRow = { id: number; route_id: number; settings: string };

/** The sinks this state file has known. One a name and route; saving one again updates it. Secrets are in none: a sink names the file that has them. */
export class Sinks {
  readonly #retire;
  readonly #named;
  readonly #rename;
  readonly #upsert;
  readonly #byId;
  readonly #ofRoute;
  /** Workers ask for each file; to check what it says takes longer than to find it. */
  readonly #checked = new Map<number, { text: string; settings: SinkSettings }>();

  constructor(state: State) {
    this.#retire = state.prepare<[number]>('UPDATE sinks SET active = 0 WHERE route_id = ?');
    this.#named = state.prepare<[number, string], SinkRow>(
      'SELECT id, route_id, settings FROM sinks WHERE route_id = ? AND name = ?',
    );
    this.#rename = state.prepare<[string, number]>('UPDATE sinks SET name = ? WHERE id = ?');
    this.#upsert = state.prepare<unknown[], { id: number }>(`
      INSERT INTO sinks (route_id, name, type, settings) VALUES (?, ?, ?, ?)
      ON CONFLICT (route_id, name) DO UPDATE SET type = excluded.type, settings = excluded.settings, active = 1
      RETURNING id`);
    this.#byId = state.prepare<[number], SinkRow>('SELECT id, route_id, settings FROM sinks WHERE id = ?');
    this.#ofRoute = state.prepare<[number], SinkRow>(
      'SELECT id, route_id, settings FROM sinks WHERE route_id = ? AND active = 1 ORDER BY id',
    );
  }

  /**
   * Makes these the sinks of a route, in a transaction of the caller. What others of it have in the queue is still finished. One that goes
   * elsewhere by now, into another table or to another sort of place, is another sink: what the old one has is finished into the old place,
   * where it is known to be from then on.
   *
   * @returns their ids
   */
  save(routeId: number, sinks: readonly SinkSettings[]): number[] {
    this.#retire.run(routeId);
    return sinks.map((sink) => {
      this.#makeRoom(routeId, sink);
      const row = this.#upsert.get(routeId, sink.name, sink.type, JSON.stringify(sink));
      if (row === undefined) throw new Error('INSERT … RETURNING gave no row');
      return row.id;
    });
  }

  /** Gives the name of a sink that goes elsewhere free. */
  #makeRoom(routeId: number, sink: SinkSettings): void {
    const row = this.#named.get(routeId, sink.name);
    if (row === undefined || placeOf(sinkOf(row).settings) === placeOf(sink)) return;
    let name = `${sink.name} #${row.id}`;
    while (this.#named.get(routeId, name) !== undefined) name += "'";
    this.#rename.run(name, row.id);
  }

  byId(id: number): Sink | undefined {
    const row = this.#byId.get(id);
    if (row === undefined) return undefined;
    const known = this.#checked.get(id);
    if (known?.text === row.settings) return { id, routeId: row.route_id, settings: known.settings };
    const sink = sinkOf(row);
    this.#checked.set(id, { text: row.settings, settings: sink.settings });
    return sink;
  }

  ofRoute(routeId: number): Sink[] {
    return this.#ofRoute.all(routeId).map(sinkOf);
  }
}

/**
 * Where a bucket's files go is on record for each of them. What was deposited in an archive is on record only afterwards, so that a file that
 * is deposited once more goes under the same name.
 */
function placeOf(sink: SinkSettings): string {
  switch (sink.type) {
    case 'load':
      return `load ${tablePlace(sink)}`;
    case 'archive':
      return `archive ${JSON.stringify([sink.base, sink.to])}`;
    case 's3':
      return sink.type;
  }
}

const sinkOf = ({ id, route_id, settings }: SinkRow): Sink => ({
  id,
  routeId: route_id,
  settings: sinkSchema.parse(JSON.parse(settings)),
});
