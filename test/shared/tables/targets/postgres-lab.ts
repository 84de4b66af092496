import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import type { Column, FileToLoad, TableSchema } from '../../../../shared/tables/contract.ts';
import { openCsv } from '../../../../shared/tables/csv/open-csv.ts';
import {
  openPostgresTarget,
  type PostgresTargetOptions,
} from '../../../../shared/tables/targets/postgres.ts';
import type { Load, Target } from '../../../../shared/tables/targets/target.ts';
import type { Postgres } from '../../../support/postgres.ts';
import { tempDir } from '../../../support/temp.ts';

export const SCHEMA: TableSchema = {
  columns: [
    { name: 'id', type: 'BIGINT' },
    { name: 'name', type: 'VARCHAR' },
  ],
  dialect: { delimiter: ',', quote: '"' },
  header: true,
  encoding: 'utf-8',
  nulls: ['NA', ''],
  key: [],
};

/** A database of its own, targets of it, and files to load. */
export class PostgresLab {
  readonly url: string;
  readonly directory: string;
  readonly #t: TestContext;
  readonly #server: Postgres;
  readonly #database: string;
  #files = 0;

  private constructor(t: TestContext, server: Postgres, place: { url: string; database: string }) {
    this.#t = t;
    this.#server = server;
    this.directory = tempDir(t);
    this.url = place.url;
    this.#database = place.database;
  }

  static async open(t: TestContext, server: Postgres): Promise<PostgresLab> {
    return new PostgresLab(t, server, await server.makeDatabase());
  }

  async target(options: Partial<PostgresTargetOptions> = {}): Promise<Target> {
    const scratch = join(this.directory, 'scratch');
    mkdirSync(scratch, { recursive: true });
    const { env } = this.#server;
    const target = await openPostgresTarget({
      ...{ url: this.url, env, scratch, threads: 2, memoryMiB: 256 },
      ...options,
    });
    this.#t.after(() => target.close());
    return target;
  }

  /** Ids count from 1. Columns go to those of the schema, or of `added`, that have their name. */
  async file(
    text: string,
    { schema = SCHEMA, added = [] }: { schema?: TableSchema; added?: Column[] } = {},
  ): Promise<FileToLoad> {
    this.#files += 1;
    const fileId = this.#files;
    const name = join(this.directory, `${fileId}.csv`);
    writeFileSync(name, text);
    const { dialect, header, encoding, nulls } = schema;
    const csv = await openCsv(
      { fileId, path: fromText(name), dialect, header, encoding, nulls, scratch: this.directory },
      new AbortController().signal,
    );
    this.#t.after(() => csv.close());
    const types = new Map([...schema.columns, ...added].map((column) => [column.name, column.type]));
    return {
      ...{ fileId, taskId: 9, name, path: fromText(name), ingestDate: '2024-11-02', csv },
      match: {
        columns: csv.firstRecord.map((column) => ({
          name: column,
          type: types.get(column) ?? 'VARCHAR',
          into: column,
        })),
        added,
      },
    };
  }

  /** For a client of the test's own; without the password. */
  get place(): { host: string; port: number; user: string; database: string } {
    return { host: '127.0.0.1', port: this.#server.port, user: 'wharf', database: this.#database };
  }

  get password(): string {
    return this.#server.env.PGPASSWORD;
  }

  /** What a person does, or sees, in the database. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    return this.#server.query(sql, values, this.#database);
  }
}

export const loadOf = (files: readonly FileToLoad[], fields: Partial<Load> = {}): Load => ({
  table: 'people',
  schema: SCHEMA,
  files,
  maxRejects: 100,
  lineage: false,
  signal: new AbortController().signal,
  assertHeld: () => undefined,
  ...fields,
});
