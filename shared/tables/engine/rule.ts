/**
 * What a cell of text must look like to be a value of a type, and how it becomes one, as SQL.
 */
export type CellRule = {
  /** Whether a text that is not NULL is a value; never NULL itself. */
  isValid(cell: string): string;
  /** The value of a valid text. */
  value(cell: string): string;
  /** Whether a text, which may be NULL, has this value, made by `value`; never NULL. Where it is cheaper than `isValid`, and as strict at least. */
  isSure?: (cell: string, value: string) => string;
};

/** What does not look like one is not cast: a text that is none can make DuckDB read other rows wrong. */
export function patternRule(
  type: string,
  pattern: string,
  prepared: (cell: string) => string = (cell) => cell,
): CellRule {
  const value = (cell: string): string =>
    `CASE WHEN regexp_full_match(${cell}, '\\s*(${pattern})\\s*') THEN TRY_CAST(${prepared(cell)} AS ${type}) END`;
  return { value, isValid: (cell) => `(${value(cell)}) IS NOT NULL` };
}

/** @param mustComeBack as a text the value is the cell again, blanks apart: what is known of no other rule is not rounded */
export function castRule(type: string, { mustComeBack }: { mustComeBack: boolean }): CellRule {
  const cast = (cell: string): string => `TRY_CAST(${cell} AS ${type})`;
  if (!mustComeBack) return { value: cast, isValid: (cell) => `${cast(cell)} IS NOT NULL` };
  const bare = (sql: string): string => `replace(${sql}, ' ', '')`;
  const value = (cell: string): string =>
    `CASE WHEN ${bare(`${cast(cell)}::VARCHAR`)} = ${bare(cell)} THEN ${cast(cell)} END`;
  return { value, isValid: (cell) => `(${value(cell)}) IS NOT NULL` };
}
