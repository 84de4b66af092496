import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, FileToLoad, TableSchema } from '../contract.ts';
import { type CellRule, ruleOf } from './cell-rules.ts';

/**
 * Runs one statement over the query, once, and says how many rows it wrote. `columns` are what the query yields, in its order.
 */
export type Consume = (select: string, columns: readonly Column[]) => Promise<number>;

/** What all steps of a load share. */
export type LoadContext = {
  connection: DuckDBConnection;
  schema: TableSchema;
  maxRejects: number;
  lineage: boolean;
  /** DuckDB's reader may make values of columns whose cells look like them; what is not as it should be then is a `BundleError`. */
  trustsShapes: boolean;
  consume: Consume;
};

/** Columns that rows of a table have where lineage is wanted. */
export const LINEAGE: readonly Column[] = [
  { name: '_file_id', type: 'BIGINT' },
  { name: '_line', type: 'BIGINT' },
];

/** A column of the table, and which of the file's goes there. */
export type Placed = Column & { index: number | undefined };

/** Those of the table in its order, those that are added after them. */
export function placesOf({ match }: Pick<FileToLoad, 'match'>, { columns }: TableSchema): Placed[] {
  const indexes = new Map(match.columns.map(({ into }, index) => [into, index]));
  return [...columns, ...match.added].map((column) => ({ ...column, index: indexes.get(column.name) }));
}

/** The type and the rule of each column of the file; undefined: it is not loaded. */
export function rulesOf(
  { match }: Pick<FileToLoad, 'match'>,
  schema: TableSchema,
): ({ type: string; rule: CellRule | undefined } | undefined)[] {
  const types = new Map(placesOf({ match }, schema).map(({ name, type }) => [name, type]));
  return match.columns.map(({ into }) => {
    const type = into === undefined ? undefined : types.get(into);
    return type === undefined ? undefined : { type, rule: ruleOf(type, schema) };
  });
}
