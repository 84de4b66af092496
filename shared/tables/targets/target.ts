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
  /** Each file is read by itself, and each cell as text, as is to be tried after a `BundleError`. */
  unbundled?: boolean | undefined;
  /** Aborts to give up soon; nothing is written then. */
  signal: AbortSignal;
  /**
   * Called as the last thing before the load becomes visible. What it throws goes on, and nothing was written. A target without transactions
   * calls it several times, and once more when its rows are visible: with a plan on record it is to ask for the lease alone, and what it
   * throws then leaves the rest to `recover`.
   */
  assertHeld(): void;
};

/**
 * What became of the files of a load: each is in one of these.
 *
 * `present`: its content was in the table before this load, with what its record says; nothing of it was written now.
 *
 * `later`: ids of files whose content another task is publishing at this moment, under a lease that is alive. Nothing of them was written, and
 * whether their content will be there is not known yet: they wait as they were, and are given to a load again in a second or two, at no charge
 * to their task. The files beside them are none of it. It ends with the other task's load, or at the latest with its lease.
 */
export type LoadResult = { loaded: FileLoad[]; present: FileLoad[]; later?: number[] };

/** Tasks that a holder has just begun, of one table. */
export type Recovery = Pick<Load, 'table' | 'assertHeld'> & { taskIds: readonly number[] };

/** A file's record in the target: it is there exactly when the file's rows are. */
export type LoadRecord = { sha256: string; fileName: string; rows: number; rejects: number };

/** How many rows of a content are in the table, and how many are not. */
export type FileRecord = { rows: number; rejects: number };

/** What a target has, for `verify`. */
export type TableCensus = { rows: number; records: AsyncIterable<LoadRecord> | Iterable<LoadRecord> };

/**
 * A place where tables are. One process opens it, loads, and closes it.
 *
 * A load is one transaction of the target: rows, rejects and one record for each file, with a unique constraint on table and content. Who
 * is killed at any moment, or never hears that the transaction ended, loads again and finds the record.
 *
 * All methods throw `TargetError` where the target does not do it, and `FileFaultError` where one file is to blame; `load` also `BundleError`
 * (shared/tables/engine/bundle.ts) where it is to be called again with `unbundled`.
 */
export type Target = {
  /** The columns of a table that is there, by whomever it was made; undefined where there is none. */
  describe(table: string): Promise<Column[] | undefined>;
  /**
   * Ends what earlier holders of these tasks left half done, one way or the other. To be called when tasks are begun and before their files
   * are read: a file may be gone since, and what was to be published of it must not stay undecided. Idempotent. What it finds published is
   * `present` in a load. Where it is not there, nothing is ever left half done.
   *
   * @throws TargetError `away` where that cannot be told at present: then the tasks wait
   */
  recover?(recovery: Recovery): Promise<void>;
  /** Makes the table where it was never loaded into; adds `match.added` of its files where the table lacks them. */
  load(load: Load): Promise<LoadResult>;
  /**
   * What is on record of these contents: for files that are gone, which nothing can be loaded from. Those that the table has not are not in it.
   *
   * @param sha256s lower-case hex
   */
  find?(table: string, sha256s: readonly string[]): Promise<ReadonlyMap<string, FileRecord>>;
  /** Undefined where there is no such table. */
  census(table: string): Promise<TableCensus | undefined>;
  close(): Promise<void>;
};

/** The tables that a database has beside those that are loaded. */
export const LOADS_TABLE = 'wharfinger_loads';
export const REJECTS_TABLE = 'wharfinger_rejects';
