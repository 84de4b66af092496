import { CsvError, parse } from 'csv-parse/sync';
import type { Dialect } from '../contract.ts';

/**
 * The cells of one record, without its line end. Undefined where what stands in quotes cannot be told.
 *
 * As RFC 4180 has it; only where that fails as DuckDB reads, which allows spaces around quoted cells, and quotes in those that are not.
 */
export function parseRecord(bytes: Buffer, { delimiter, quote }: Dialect): string[] | undefined {
  // Most first records have none, and for small files csv-parse would take longer than all the rest.
  if (quote === '' || bytes.indexOf(quote) < 0) return bytes.toString('utf8').split(delimiter);
  return (
    parseWith({ delimiter, quote }, bytes) ??
    parseWith({ delimiter, quote, relax_quotes: true, ltrim: true, rtrim: true }, bytes)
  );
}

type Options = { delimiter: string; quote: string; relax_quotes?: boolean; ltrim?: boolean; rtrim?: boolean };

function parseWith(options: Options, bytes: Buffer): string[] | undefined {
  try {
    // One record, whatever line ends are in its cells: none of them has a NUL.
    const [cells] = parse(bytes, { ...options, escape: options.quote, record_delimiter: '\0' });
    return cells;
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}
