import { loadSinkSchema } from '../../config/settings.ts';
import { targetName } from '../../config/table-texts.ts';
import { type BytePath, fromBytes } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import { findTask, type ListedTask } from './list-tasks.ts';
import { type LoadedFile, loadsOfLedgerRow, loadsOfPath } from './loaded-files.ts';

/** A file on its way into one table, with the task that it is in. */
export type TracedLoad = LoadedFile & {
  sink: string;
  target: string;
  table: string;
  task: ListedTask | undefined;
};

/** Looks up what became of a file in the tables that it goes to. */
export class LoadFinder {
  readonly #state: State;
  readonly #sink;
  readonly #pathsOf;

  constructor(state: State) {
    this.#state = state;
    this.#sink = state.prepare<[number], { name: string; settings: string }>(
      'SELECT name, settings FROM sinks WHERE id = ?',
    );
    this.#pathsOf = state.prepare<[Buffer, Buffer], { path: Buffer }>(
      'SELECT DISTINCT path FROM scanner WHERE ledger_id IS NULL AND sha256 >= ? AND sha256 <= ?',
    );
  }

  /** Of a file in custody: one for each sink. */
  ofLedger(ledgerId: number): TracedLoad[] {
    return loadsOfLedgerRow(this.#state, ledgerId).map((file) => this.#traced(file));
  }

  /** What was scanned under this path, each time that it was another file. */
  byPath(path: BytePath): TracedLoad[] {
    return loadsOfPath(this.#state, path).map((file) => this.#traced(file));
  }

  /** Files of stores whose SHA-256 begins with these hex digits and is known. Reads the whole table: contents have no index. */
  byContent(prefix: string): TracedLoad[] {
    const lowest = Buffer.from(prefix.padEnd(64, '0'), 'hex');
    const highest = Buffer.from(prefix.padEnd(64, 'f'), 'hex');
    return this.#pathsOf
      .all(lowest, highest)
      .flatMap(({ path }) => this.byPath(fromBytes(path)))
      .filter(({ ledgerId, sha256 }) => ledgerId === undefined && sha256?.startsWith(prefix) === true);
  }

  #traced(file: LoadedFile): TracedLoad {
    const row = this.#sink.get(file.sinkId);
    if (row === undefined)
      throw new Error(`file ${file.fileId} is of sink ${file.sinkId}, which is not there`);
    const { target, table } = loadSinkSchema.parse(JSON.parse(row.settings));
    const task = file.taskId === undefined ? undefined : findTask(this.#state, file.taskId);
    return { ...file, sink: row.name, target: targetName(target), table, task };
  }
}
