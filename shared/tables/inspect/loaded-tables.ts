import { type LoadTarget, loadSinkSchema } from '../../config/settings.ts';
import type { State } from '../../state/open.ts';
import { tablePlace } from '../table-place.ts';

/** A table that files are loaded into, by any number of sinks. */
export type LoadedTable = { target: LoadTarget; table: string; sinkIds: number[] };

/** Every table that this state file has a sink for. In DuckDB names are the same in any case. */
export function loadedTables(state: State): LoadedTable[] {
  const sinks = state
    .prepare<[], { id: number; settings: string }>(
      "SELECT id, settings FROM sinks WHERE type = 'load' ORDER BY id",
    )
    .all()
    .map(({ id, settings }) => ({ id, ...loadSinkSchema.parse(JSON.parse(settings)) }));
  const tables = new Map<string, LoadedTable>();
  for (const { id, target, table } of sinks) {
    const key = tablePlace({ target, table });
    const known = tables.get(key);
    if (known === undefined) tables.set(key, { target, table, sinkIds: [id] });
    else known.sinkIds.push(id);
  }
  return [...tables.values()];
}
