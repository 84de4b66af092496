import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Dialect } from '../../../../shared/tables/contract.ts';

/** What DuckDB's strict reader makes of a file: its rows, and the offset (from 0), where each row that it refuses begins. */
export type Reading = { rows: (string | null)[][]; rejectsAt: number[] };

/** DuckDB as the program reads with it, all columns as text. */
export class DuckDbReader {
  readonly #connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  #statements = 0;

  constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(): Promise<DuckDbReader> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' });
    return new DuckDbReader(instance, await instance.connect());
  }

  async read(path: string, dialect: Dialect, header: boolean, columns: number): Promise<Reading> {
    this.#statements += 1;
    const rejects = `r${this.#statements}`;
    const scans = `s${this.#statements}`;
    const types = Array.from({ length: columns }, (_, index) => `'c${index}': 'VARCHAR'`).join(', ');
    const { delimiter, quote } = { delimiter: literal(dialect.delimiter), quote: literal(dialect.quote) };
    const result = await this.#connection.runAndReadAll(
      `SELECT * FROM read_csv(${literal(path)}, columns = {${types}}, auto_detect = false, header = ${header}, delim = ${delimiter},
       quote = ${quote}, escape = ${quote}, nullstr = [''], strict_mode = true, store_rejects = true, rejects_limit = 0,
       rejects_table = '${rejects}', rejects_scan = '${scans}')`,
    );
    const places = await this.#connection.runAndReadAll(
      `SELECT DISTINCT line_byte_position - 1 AS place FROM ${rejects} ORDER BY place`,
    );
    await this.#connection.run(`DROP TABLE ${rejects}; DROP TABLE ${scans}`);
    return {
      rows: result.getRows() as (string | null)[][],
      rejectsAt: places.getRows().map(([place]) => Number(place)),
    };
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
