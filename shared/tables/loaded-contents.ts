import { type LoadSink, type LoadTarget, loadSinkSchema } from '../config/settings.ts';
import { targetName } from '../config/table-texts.ts';
import type { State } from '../state/open.ts';
import { tablePlace } from './table-place.ts';

type TableOfSink = Pick<LoadSink, 'target' | 'table'>;

/** Which contents files of this state file are known to have brought into a table. */
export class LoadedContents {
  readonly #sinks;
  readonly #loaded;
  readonly #any;

  constructor(state: State) {
    this.#sinks = state.prepare<[], { id: number; settings: string }>(
      "SELECT id, settings FROM sinks WHERE type = 'load'",
    );
    this.#loaded = state
      .prepare<[string, string], string>(`
        SELECT DISTINCT lower(hex(sha256)) FROM scanner JOIN load_task_files ON file_id = scanner.id
        WHERE sha256 IN (SELECT unhex(value) FROM json_each(?)) AND state = 'loaded'
          AND sink_id IN (SELECT value FROM json_each(?))`)
      .pluck();
    this.#any = state.prepare<[string]>(`
      SELECT 1 FROM load_tasks WHERE sink_id IN (SELECT value FROM json_each(?)) AND EXISTS (
        SELECT 1 FROM load_task_files WHERE task_id = load_tasks.id AND state = 'loaded') LIMIT 1`);
  }

  /**
   * Of these contents, those that a file of this state file was settled as `loaded` with, by any sink of this table.
   *
   * @param contents SHA-256 in hex
   */
  loaded(contents: readonly string[], table: TableOfSink): Set<string> {
    if (contents.length === 0) return new Set();
    return new Set(this.#loaded.all(JSON.stringify(contents), JSON.stringify(this.sinksOf(table))));
  }

  /** All sinks that load into a table, or did. */
  sinksOf(table: TableOfSink): number[] {
    const place = tablePlace(table);
    return this.#all()
      .filter(({ settings }) => tablePlace(settings) === place)
      .map(({ id }) => id);
  }

  /** Whether any file of this state file was loaded into a target, whatever the table. */
  hasAnyIn(target: LoadTarget): boolean {
    const name = targetName(target);
    const ids = this.#all().filter(({ settings }) => targetName(settings.target) === name);
    return this.#any.get(JSON.stringify(ids.map(({ id }) => id))) !== undefined;
  }

  #all(): { id: number; settings: LoadSink }[] {
    return this.#sinks
      .all()
      .map(({ id, settings }) => ({ id, settings: loadSinkSchema.parse(JSON.parse(settings)) }));
  }
}
