import type { Reject } from '../contract.ts';
import { MAX_LINE_BYTES } from './read-csv.ts';

/** What a reject keeps of a cell or a row, in characters. */
export const MOST_OF_VALUE = 10_000;

/** Of a value in a reason, which is one line for a person. */
const MOST_QUOTED = 100;

const quoted = (value: string): string =>
  JSON.stringify(value.length > MOST_QUOTED ? `${value.slice(0, MOST_QUOTED)}…` : value);

export const notOfType = (value: string | undefined, type: string): string =>
  value === undefined ? `a cell is no ${type}` : `${quoted(value)} is no ${type}`;

export const moreCells = (cells: number): string =>
  cells === 1 ? 'one more cell of the row is wrong' : `${cells} more cells of the row are wrong`;

export const wrongCount = (cells: number, columns: number, header: boolean): string =>
  header
    ? `the row has ${cells} ${cells === 1 ? 'cell' : 'cells'}, the header ${columns}`
    : `the row has ${cells} ${cells === 1 ? 'cell' : 'cells'} instead of ${columns}`;

export const tooLong = `the row is longer than ${MAX_LINE_BYTES / 1024 / 1024} MiB`;
export const badQuote = 'a quote is not closed, or text follows one that is';
export const badEncoding = 'the row is no UTF-8';
export const unreadable = 'the row cannot be read';

export const describeReject = ({ line, column, reason }: Reject): string =>
  column === undefined ? `line ${line}: ${reason}` : `line ${line}, column ${column}: ${reason}`;
