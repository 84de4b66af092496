import { type ArchiveSink, archiveSinkSchema } from '../config/settings.ts';
import type { State } from '../state/open.ts';

/** How a base is collected, and whose deposits are released: what its sinks say. */
export type Collecting = Pick<ArchiveSink, 'scavenge' | 'volumeBytes' | 'publishMs'>;

/** Asks the sinks of a base. Those that are configured count; where none is by now, the last that was. */
export class CollectingSinks {
  readonly #ofBase;

  constructor(state: State) {
    this.#ofBase = state.prepare<[string], { settings: string; active: number }>(`
      SELECT settings, active FROM sinks WHERE type = 'archive' AND settings ->> 'base' = ? ORDER BY active DESC, id DESC`);
  }

  of(base: string): Collecting | undefined {
    const rows = this.#ofBase.all(base);
    const isConfigured = rows.some(({ active }) => active === 1);
    const sinks = rows
      .filter(({ active }) => !isConfigured || active === 1)
      .map(({ settings }) => archiveSinkSchema.parse(JSON.parse(settings)));
    const [last] = sinks;
    if (last === undefined) return undefined;
    return {
      scavenge: last.scavenge,
      volumeBytes: last.volumeBytes,
      publishMs: Math.min(...sinks.map(({ publishMs }) => publishMs)),
    };
  }
}
