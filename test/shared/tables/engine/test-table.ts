import type { TestContext } from 'node:test';
import type { Column, FileToLoad, TableSchema } from '../../../../shared/tables/contract.ts';
import { type Duck, openDuckDB } from '../../../../shared/tables/engine/instance.ts';
import { loadRows, type RowsLoaded } from '../../../../shared/tables/engine/load-rows.ts';
import { ident } from '../../../../shared/tables/engine/sql.ts';
import type { Bundling } from '../../../../shared/tables/engine/write-bundles.ts';
import { tempDir } from '../../../support/temp.ts';

type LoadOptions = {
  maxRejects?: number;
  lineage?: boolean;
  signal?: AbortSignal;
  unbundled?: boolean;
  bundling?: Bundling;
};

/** A table in a file of DuckDB's, loaded into by the simplest of targets: one INSERT for each query. */
export class TestTable {
  readonly directory: string;
  readonly duck: Duck;
  readonly schema: TableSchema;
  queries: string[] = [];

  private constructor(directory: string, duck: Duck, schema: TableSchema) {
    this.directory = directory;
    this.duck = duck;
    this.schema = schema;
  }

  static async make(t: TestContext, schema: TableSchema, { lineage = false } = {}): Promise<TestTable> {
    const directory = tempDir(t);
    const duck = await openDuckDB({
      path: `${directory}/t.db`,
      threads: 2,
      memoryMiB: 512,
      scratch: `${directory}/scratch`,
    });
    t.after(() => duck.close());
    const extra = lineage ? ['_file_id BIGINT', '_line BIGINT'] : [];
    const columns = [...schema.columns.map(({ name, type }) => `${ident(name)} ${type}`), ...extra];
    await duck.connection.run(`CREATE TABLE t (${columns.join(', ')})`);
    return new TestTable(directory, duck, schema);
  }

  async load(
    files: readonly FileToLoad[],
    {
      maxRejects = 100,
      lineage = false,
      signal = new AbortController().signal,
      ...bundles
    }: LoadOptions = {},
  ): Promise<RowsLoaded> {
    const { connection } = this.duck;
    await connection.run('BEGIN');
    try {
      const insert = async (select: string, columns: readonly Column[]): Promise<number> => {
        this.queries.push(select);
        const names = columns.map(({ name }) => ident(name)).join(', ');
        return (await connection.run(`INSERT INTO t (${names}) ${select}`)).rowsChanged;
      };
      const loaded = await loadRows(
        connection,
        { files, schema: this.schema, maxRejects, lineage, signal, ...bundles },
        insert,
      );
      await connection.run('COMMIT');
      return loaded;
    } catch (error) {
      await connection.run('ROLLBACK');
      throw error;
    } finally {
      for (const { csv } of files) csv.close();
    }
  }

  async rows(sql = 'FROM t'): Promise<unknown[]> {
    const result = await this.duck.connection.runAndReadAll(sql);
    return result.getRowsJson();
  }
}
