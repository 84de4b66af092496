import { targetName } from '../../../../shared/config/table-texts.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import type { Column, PlainCsv, TableSchema } from '../../../../shared/tables/contract.ts';
import type { TableContext } from './table-context.ts';
import { schemaFrom } from './table-schema.ts';

/** The schema of a table while files are loaded into it. */
export class SchemaInHand {
  readonly #context: Pick<TableContext, 'target' | 'sink' | 'store' | 'sniffer'>;
  #described: Column[] | undefined;
  #current: TableSchema | undefined;
  /** There is no table yet: nothing was ever loaded with this schema. */
  #isUntried = false;

  constructor(context: Pick<TableContext, 'target' | 'sink' | 'store' | 'sniffer'>) {
    this.#context = context;
  }

  /** Undefined until a first file has shown it. */
  get current(): TableSchema | undefined {
    return this.#current;
  }

  /** Looks at what the target and the state file know. @throws TargetError */
  async open(): Promise<void> {
    const { store, sink, target } = this.#context;
    const { settings } = sink;
    this.#described = await target.describe(settings.table);
    this.#isUntried = this.#described === undefined;
    const kept = store.schemas.get(targetName(settings.target), settings.table);
    this.#current = schemaFrom(kept, this.#described, settings.declared);
  }

  /**
   * Takes it from a file where nothing is known: of a table that is loaded into for the first time. Where two workers come here at the same
   * time, the first one's holds for both.
   *
   * @throws FileFaultError
   */
  async learnFrom(csv: PlainCsv, fileId: number): Promise<void> {
    if (this.#current !== undefined) return;
    const { sniffer, sink, store } = this.#context;
    const { target, table, declared } = sink.settings;
    const shown = await (await sniffer()).schemaOf(csv, declared, fileId);
    const schema = schemaFrom(shown, this.#described, declared);
    const kept = store.schemas.keep(targetName(target), table, schema ?? shown);
    this.#current = schemaFrom(kept, this.#described, declared) ?? kept;
  }

  /** A load went into the table with the schema, and gave it these columns. */
  wasLoadedWith(schema: TableSchema, added: readonly Column[]): void {
    this.#current = { ...schema, columns: [...schema.columns, ...added] };
    this.#isUntried = false;
  }

  /**
   * A schema may have been taken from a file that will not do. As long as no table was made of it the next file is asked; not so where another
   * worker may be loading by it at this moment.
   *
   * @param token of the caller's lease
   */
  async forgetUntried(token: number): Promise<void> {
    const { store, sink, target } = this.#context;
    if (!this.#isUntried) return;
    this.#described = await target.describe(sink.settings.table);
    this.#isUntried = this.#described === undefined;
    if (!this.#isUntried) return;
    const sinks = store.contents.sinksOf(sink.settings);
    const isForgotten = writeTransaction(store.state, () => {
      if (store.jobs.areOthersLoading(token, sinks)) return false;
      store.schemas.forget(targetName(sink.settings.target), sink.settings.table);
      return true;
    });
    if (isForgotten) this.#current = undefined;
  }
}
