import type { State } from '../state/open.ts';
import { writeTransaction } from '../state/transaction.ts';
import type { Column, TableSchema } from './contract.ts';
import { nameKey } from './engine/header.ts';

/** The schemas that tables were given by their first file, or by the configuration. */
export class LoadSchemas {
  readonly #state: State;
  readonly #get;
  readonly #insert;
  readonly #update;
  readonly #delete;

  constructor(state: State) {
    this.#state = state;
    this.#get = state
      .prepare<[string, string], string>(
        'SELECT schema FROM load_schemas WHERE target = ? AND table_name = ?',
      )
      .pluck();
    this.#insert = state.prepare(
      'INSERT INTO load_schemas (target, table_name, schema) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#update = state.prepare('UPDATE load_schemas SET schema = ? WHERE target = ? AND table_name = ?');
    this.#delete = state.prepare('DELETE FROM load_schemas WHERE target = ? AND table_name = ?');
  }

  /** @param target as `targetName` says it */
  get(target: string, table: string): TableSchema | undefined {
    const text = this.#get.get(target, table);
    return text === undefined ? undefined : (JSON.parse(text) as TableSchema);
  }

  /** Keeps what the first file showed, in a transaction of its own. Where another process was first, its schema is the one that holds. @returns what is kept */
  keep(target: string, table: string, schema: TableSchema): TableSchema {
    return writeTransaction(this.#state, () => {
      this.#insert.run(target, table, JSON.stringify(schema));
      return this.get(target, table) ?? schema;
    });
  }

  /** Its file was no example, and there is no table yet: the next file shows it. */
  forget(target: string, table: string): void {
    this.#delete.run(target, table);
  }

  /** Columns that the table has been given, in a transaction of the caller. Those that are known are passed by. */
  addColumns(target: string, table: string, columns: readonly Column[]): void {
    const kept = this.get(target, table);
    if (kept === undefined) return;
    const known = new Set(kept.columns.map(({ name }) => nameKey(name)));
    const added = columns.filter(({ name }) => !known.has(nameKey(name)));
    if (added.length === 0) return;
    this.#update.run(JSON.stringify({ ...kept, columns: [...kept.columns, ...added] }), target, table);
  }
}
