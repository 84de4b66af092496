import type { LoadSink } from '../config/settings.ts';
import { loadSinkSchema } from '../config/settings.ts';
import { targetName } from '../config/table-texts.ts';
import type { State } from '../state/open.ts';

/** Which contents files of this state file are known to have brought into a table. */
export class LoadedContents {
  readonly #sinks;
  readonly #loaded;

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
  }

  /**
   * Of these contents, those that a file of this state file was settled as `loaded` with, by any sink of this table.
   *
   * @param contents SHA-256 in hex
   */
  loaded(contents: readonly string[], { target, table }: Pick<LoadSink, 'target' | 'table'>): Set<string> {
    if (contents.length === 0) return new Set();
    const name = targetName(target);
    const sinks = this.#sinks.all().filter(({ settings }) => {
      const sink = loadSinkSchema.parse(JSON.parse(settings));
      return sink.table === table && targetName(sink.target) === name;
    });
    const ids = sinks.map(({ id }) => id);
    return new Set(this.#loaded.all(JSON.stringify(contents), JSON.stringify(ids)));
  }
}
