import type { BytePath } from '../fs/byte-path.ts';

/**
 * The words that reading, matching and targets share. How they work together, and what each crash leaves, stands in docs/tables.md.
 */

/** What happens to columns that a file has and the table lacks, and the other way round. */
export const COLUMN_POLICIES = ['add', 'ignore', 'fail'] as const;
export type ColumnPolicy = (typeof COLUMN_POLICIES)[number];

export const ENCODINGS = ['utf-8', 'utf-16', 'latin-1'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** How the text of a file is cut into cells. Delimiter and quote are single ASCII characters; a quote in a quoted cell is doubled. */
export type Dialect = { delimiter: string; quote: string };

/** A column of a table. `type` is a type of DuckDB as it writes it: BIGINT, DOUBLE, VARCHAR, DATE, TIMESTAMP, DECIMAL(18,3), … */
export type Column = { name: string; type: string };

/** What a table holds and how its files are read. Kept in the state file from the first file on. */
export type TableSchema = {
  columns: Column[];
  dialect: Dialect;
  /** The first row names the columns. Without it columns are taken in their order. */
  header: boolean;
  encoding: Encoding;
  /** Cells that mean NULL. */
  nulls: string[];
  /** As DuckDB's strptime writes them; undefined: ISO 8601. */
  dateFormat?: string | undefined;
  timestampFormat?: string | undefined;
  /** Columns whose values together are unique in the table; empty: none. */
  key: string[];
};

/** What reading a whole file once, before any of it is loaded, has shown. */
export type Audit = {
  /** Lower-case hex, of the file's own bytes. */
  sha256: string;
  /** Records of text, the header included, blank lines not. */
  records: number;
  /** Record number k (the header is 1) begins in line k. */
  isRegular: boolean;
  /** Of each column, by the cells below the header; undefined where they are not known. */
  shapes?: readonly ColumnShape[] | undefined;
  /**
   * Cells of columns without text that are no value: the empty one, whether it means NULL or not, and the words that do, as far as they look like no
   * number. Known where `shapes` are, of two columns and more.
   */
  nullsFound?: readonly string[] | undefined;
};

/** What the cells of a column look like that mean something: by that a reader is trusted with them. */
export type ColumnShape = {
  /**
   * No number has more characters: 2^n - 1, or 0 where there is none. A number is of digits, with points or without; a minus may stand before it,
   * and nothing else.
   */
  digits: number;
  /** Of numbers. */
  hasPoints: boolean;
  /** `2024-01-31`, as far as the form goes. */
  hasDays: boolean;
  /** `2024-01-31 23:59:59`, or with a T, as far as the form goes. */
  hasMoments: boolean;
  /** Anything else; then what stands above need not be complete. */
  hasText: boolean;
};

/**
 * Where the records of a file are, which may be read as part of a text that begins with other files: each is one line, none is blank, and
 * nothing in them misleads a reader.
 */
export type Piece = {
  /** Of the file, open as long as its `PlainCsv` is. */
  fd: number;
  /** Offset of the first record, and of what follows its line end; the last record ends with the file. */
  start: number;
  second: number;
  endsAt: number;
  /** Of each record but perhaps the last. */
  lineEnd: '\n' | '\r\n';
  /** A directory where such a text may be written. */
  scratch: string;
  /** Nobody has written to the file since it was read. */
  isUnchanged(): boolean;
};

/** A file that can be read as UTF-8 text with one sort of line end, no NUL and no unclosed quote. */
export type PlainCsv = {
  /** A path that DuckDB can open as long as this is not closed: of a descriptor, so that no name, and no rename, matters. */
  readPath: string;
  sizeBytes: number;
  audit: Audit;
  /** The cells of the first record, whether it names columns or not. */
  firstRecord: string[];
  /** Undefined where it is to be read by itself. */
  piece?: Piece | undefined;
  /**
   * The line, from 1, in which each of these records begins, in their order; records are numbered from 1, the header included, and given in
   * ascending order. Reads the file again where it is not regular.
   */
  linesOf(records: readonly number[]): number[];
  /**
   * The lines in which all records begin, in order, in parts of any length. Reads the file once, in turns with other things. Left out where a
   * file is small enough for `linesOf`.
   */
  recordLines?(): AsyncIterable<number[]>;
  /** The same by the offset of a byte, from 0, as ascending numbers: the lines they are in. */
  linesAt(offsets: readonly number[]): number[];
  /** The same in turns with other things. Left out where a file is small. */
  linesAtInTurns?(offsets: readonly number[]): Promise<number[]>;
  /**
   * To be asked right before what was read of it becomes visible: whether the file is what was audited.
   *
   * @throws FileFaultError `load.changed` where somebody wrote to it, or renamed it, since; EnvironmentError `load.read`
   */
  assertUnchanged(): void;
  /** Closes descriptors and removes the plain copy where one was made. Idempotent. */
  close(): void;
};

/** A column of a file, and the column of the table that it goes to; undefined: it is not loaded. */
export type FileColumn = { name: string; type: string; into: string | undefined };

/** How a file's columns meet the table's. */
export type Match = {
  /** In the file's order. */
  columns: FileColumn[];
  /** That the table is to be given first: policy `add`. */
  added: Column[];
};

/** A file on its way into a table. */
export type FileToLoad = {
  /** Of `scanner`. */
  fileId: number;
  taskId: number;
  /** For a person. */
  name: string;
  path: BytePath;
  ingestDate: string;
  csv: PlainCsv;
  match: Match;
};

/** A row, or a cell of it, that is not in the table. */
export type Reject = {
  fileId: number;
  /** From 1; of the record's first line. */
  line: number;
  /** Undefined where the row as a whole is wrong. */
  column: string | undefined;
  /** Of the cell, or of the row; cut after 10,000 characters. */
  value: string | undefined;
  reason: string;
};

/** What became of a file. `rows` are in the table, `rejects` rows are not. */
export type FileLoad = { fileId: number; rows: number; rejects: number };

/** The file itself will not do, now or later; nothing of it was loaded. Its message is one line for a person. */
export type FileFault = { fileId: number; code: string; reason: string; hint?: string | undefined };
