import { randomUUID } from 'node:crypto';
import { UsageError } from '../../errors.ts';
import type { TableSchema } from '../contract.ts';
import { ident, text } from './sql.ts';

/** A row longer than this is a reject. It bounds the memory of reading: DuckDB's buffer holds two of them. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
const BUFFER_BYTES = 2 * MAX_LINE_BYTES;

/** DuckDB wants at least one text that means NULL, without delimiter and quote. No cell can be this one: nobody knows it but this process. */
const NO_CELL = `\uffff${randomUUID().replaceAll('-', '')}`;

/** The name of a file's nth column, from 0, in `readCsv`: names of files do not matter there. */
export const cell = (index: number): string => `c${index}`;

/** Temp tables that DuckDB makes while a query over `readCsv` runs. */
export type RejectTables = { rejects: string; scans: string };

type Reading = Pick<TableSchema, 'dialect' | 'header' | 'nulls' | 'dateFormat' | 'timestampFormat'>;

type Options = {
  /** Where rows that cannot be read go, as long as the query lasts; undefined: they are skipped, and nobody knows. */
  into?: RejectTables;
  /** Gives the path of each row as column `filename`. */
  withPath?: boolean;
};

/**
 * The rows of plain files as a table function. Only columns that a query uses are cast.
 *
 * Always in strict mode: without it DuckDB joins an unclosed quote with what follows and drops surplus cells, without a word. The line end
 * is never given: with a wrong one all rows are lost, without a word.
 *
 * @param types of all columns of the files, in their order
 * @throws UsageError `load.nulls` where a word for NULL has the delimiter or the quote in it
 */
export function readCsv(
  paths: readonly string[],
  types: readonly string[],
  { dialect, header, nulls, dateFormat, timestampFormat }: Reading,
  { into, withPath = false }: Options,
): string {
  assertKnowsNulls(nulls, dialect);
  const options = [
    `columns = {${types.map((type, index) => `${text(cell(index))}: ${text(type)}`).join(', ')}}`,
    'auto_detect = false',
    'strict_mode = true',
    "compression = 'none'",
    `header = ${header}`,
    `delim = ${text(dialect.delimiter)}`,
    `quote = ${text(dialect.quote)}`,
    `escape = ${text(dialect.quote)}`,
    `nullstr = [${(nulls.length === 0 ? [NO_CELL] : nulls).map(text).join(', ')}]`,
    `max_line_size = ${MAX_LINE_BYTES}`,
    `buffer_size = ${BUFFER_BYTES}`,
    ...(dateFormat === undefined ? [] : [`dateformat = ${text(dateFormat)}`]),
    ...(timestampFormat === undefined ? [] : [`timestampformat = ${text(timestampFormat)}`]),
    ...(withPath ? ['filename = true'] : []),
    ...(into === undefined
      ? ['ignore_errors = true']
      : [
          'store_rejects = true',
          'rejects_limit = 0',
          `rejects_table = ${text(into.rejects)}`,
          `rejects_scan = ${text(into.scans)}`,
        ]),
  ];
  return `read_csv([${paths.map(text).join(', ')}], ${options.join(', ')})`;
}

/** DuckDB refuses such words, and a cell can hardly be one. */
function assertKnowsNulls(nulls: readonly string[], { delimiter, quote }: TableSchema['dialect']): void {
  const word = nulls.find((one) => one.includes(delimiter) || (quote !== '' && one.includes(quote)));
  if (word === undefined) return;
  const sign = word.includes(delimiter) ? 'delimiter' : 'quote';
  throw new UsageError(`the word for NULL ${JSON.stringify(word)} has the ${sign} of the files in it`, {
    code: 'load.nulls',
    subject: word,
    hint: `leave it out of \`null\` in the schema of the sink, or declare another ${sign}`,
  });
}

let used = 0;

/** A name of a temp table that no statement of this process has used yet. */
export function freshName(of: string): string {
  used += 1;
  return `wharfinger_${of}_${used}`;
}

export const freshRejectTables = (): RejectTables => ({
  rejects: freshName('rejects'),
  scans: freshName('scans'),
});

export const dropTables = (names: readonly string[]): string =>
  names.map((name) => `DROP TABLE IF EXISTS temp.${ident(name)}`).join('; ');
