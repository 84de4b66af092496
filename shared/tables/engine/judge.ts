import type { FileFault, FileToLoad, Reject, TableSchema } from '../contract.ts';
import { FileFaultError } from '../errors.ts';
import { describeReject } from './reasons.ts';

/** Rows of a file that are not loaded: their lines, ascending, how many they are, and what is wrong with them. */
export type RejectedRows = { lines: number[]; rows: number; rejects: Reject[] };

/** The rows that a file must have, by its audit. */
export const rowsOf = ({ csv }: Pick<FileToLoad, 'csv'>, { header }: TableSchema): number =>
  Math.max(0, csv.audit.records - (header ? 1 : 0));

const count = (value: number): string => value.toLocaleString('en-US');

export function tooManyRejects(
  file: FileToLoad,
  schema: TableSchema,
  rejected: number,
  maxRejects: number,
  first: Reject | undefined,
): FileFaultError {
  const all = rowsOf(file, schema);
  const example = first === undefined ? '' : `; the first, ${describeReject(first)}`;
  const reason =
    rejected === all
      ? `${all === 1 ? 'its only row was' : `all of its ${count(all)} rows were`} rejected${example}`
      : `${count(rejected)} of ${count(all)} rows were rejected, ${count(maxRejects)} may be${example}`;
  return new FileFaultError({ fileId: file.fileId, code: 'load.rejects', reason });
}

/** @throws FileFaultError `load.rejects` where a file has too many rejected rows, or no other rows */
export function assertFewRejects(
  file: FileToLoad,
  { rows, rejects }: RejectedRows,
  { schema, maxRejects }: { schema: TableSchema; maxRejects: number },
): void {
  if (rows > maxRejects || (rows > 0 && rows === rowsOf(file, schema)))
    throw tooManyRejects(file, schema, rows, maxRejects, rejects[0]);
}

/** @param found rows that DuckDB read, or rejected */
export function lostRows(file: FileToLoad, schema: TableSchema, found: number): FileFaultError {
  const expected = rowsOf(file, schema);
  const hasBlanks = file.match.columns.length === 1 && found > expected;
  const fault: FileFault = {
    fileId: file.fileId,
    code: 'load.lost-rows',
    reason: hasBlanks
      ? `it has one column and blank lines, which cannot be told from empty cells: ${count(expected)} rows, ${count(found)} with them`
      : `${count(expected)} rows were counted in it, but ${count(found)} were read`,
  };
  return new FileFaultError(fault);
}

/** Of two passes over a file: all that they rejected, by line. */
export function joined(parts: readonly (RejectedRows | undefined)[]): RejectedRows {
  const rejects = parts.flatMap((part) => part?.rejects ?? []);
  return {
    lines: parts.flatMap((part) => part?.lines ?? []).sort((a, b) => a - b),
    rows: parts.reduce((sum, part) => sum + (part?.rows ?? 0), 0),
    rejects: parts.length === 1 ? rejects : rejects.sort((a, b) => a.line - b.line),
  };
}
