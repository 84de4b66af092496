import type { Column, FileLoad, FileToLoad, TableSchema } from '../contract.ts';

/** What is to be loaded: files of one table, all or nothing. */
export type Load = {
  table: string;
  schema: TableSchema;
  /** At least one; no content twice. */
  files: readonly FileToLoad[];
  /** More rejected rows in one file are a fault of the file. */
  maxRejects: number;
  /** Rows carry the id of their file and their line, as columns `_file_id` and `_line`. */
  lineage: boolean;
  /** Aborts to give up soon; nothing is written then. */
  signal: AbortSignal;
  /** Called as the last thing before the load becomes visible. What it throws goes on, and nothing was written. */
  assertHeld(): void;
};

/** `present`: its content was in the table before this load, with what its record says; nothing of it was written now. */
export type LoadResult = { loaded: FileLoad[]; present: FileLoad[] };

/** A file's record in the target: it is there exactly when the file's rows are. */
export type LoadRecord = { sha256: string; fileName: string; rows: number; rejects: number };

/** What a target has, for `verify`. */
export type TableCensus = { rows: number; records: AsyncIterable<LoadRecord> | Iterable<LoadRecord> };

/**
 * A place where tables are. One process opens it, loads, and closes it.
 *
 * A load is one transaction of the target: rows, rejects and one record for each file, with a unique constraint on table and content. Who
 * is killed at any moment, or never hears that the transaction ended, loads again and finds the record.
 *
 * All methods throw `TargetError` where the target does not do it, and `FileFaultError` where one file is to blame.
 */
export type Target = {
  /** The columns of a table that is there, by whomever it was made; undefined where there is none. */
  describe(table: string): Promise<Column[] | undefined>;
  /** Makes the table where it was never loaded into; adds `match.added` of its files where the table lacks them. */
  load(load: Load): Promise<LoadResult>;
  /** Undefined where there is no such table. */
  census(table: string): Promise<TableCensus | undefined>;
  close(): Promise<void>;
};

/** The tables that a database has beside those that are loaded. */
export const LOADS_TABLE = 'wharfinger_loads';
export const REJECTS_TABLE = 'wharfinger_rejects';
