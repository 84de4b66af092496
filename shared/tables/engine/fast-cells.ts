import { type CellRule, EXACT_BELOW, isInteger, isReal } from './cell-rules.ts';

/**
 * How a column is read where speed matters. A row is taken where all its cells are `isSure`; others are read again, as text, and judged by
 * their `CellRule`. What is sure is valid by that rule, with the same value.
 */
export type FastCell = {
  /** What DuckDB's reader is to read the cell as. A cell that it cannot cast is a reject, and so it is by the rule. */
  readAs: string;
  value(cell: string): string;
  /** Of the cell as it was read and its value; undefined: always. Never NULL. */
  isSure: ((cell: string, value: string) => string) | undefined;
};

/**
 * How large the numbers of a column seem to be, which is a matter of speed alone: `small` ones are below 2^31, `wide` ones below 2^53,
 * `exact` ones need all their digits.
 */
export type NumberSize = 'small' | 'wide' | 'exact';

export function fastCellOf(type: string, rule: CellRule | undefined, size: NumberSize): FastCell {
  if (rule === undefined) return { readAs: type, value: (cell) => cell, isSure: undefined };
  if (isReal(type))
    return { readAs: type, value: (cell) => cell, isSure: (cell) => `isinf(${cell}) IS NOT TRUE` };
  if (!isInteger(type))
    return {
      readAs: 'VARCHAR',
      value: rule.value,
      isSure: (cell) => `(${cell} IS NULL OR ${rule.isValid(cell)})`,
    };
  if (size === 'exact') return exactInteger(type);
  return size === 'small' ? smallInteger(type) : wideInteger(type);
}

// Read as DOUBLE, because a cast of text to an integer rounds: 15 % more than plain reading, where checking texts takes 30 % and more.

const smallInteger = (type: string): FastCell => ({
  readAs: 'DOUBLE',
  value: (cell) => `TRY_CAST(${cell} AS ${SMALLER.get(type) ?? type})`,
  isSure: (cell, value) => `${cell} IS NOT DISTINCT FROM ${value}`,
});

const SMALLER: ReadonlyMap<string, string> = new Map([
  ['BIGINT', 'INTEGER'],
  ['HUGEINT', 'INTEGER'],
  ['UBIGINT', 'UINTEGER'],
  ['UHUGEINT', 'UINTEGER'],
]);

const wideInteger = (type: string): FastCell => ({
  readAs: 'DOUBLE',
  value: (cell) => `TRY_CAST(${cell} AS ${type})`,
  isSure: (cell, value) =>
    `(${cell} IS NOT DISTINCT FROM ${value} AND coalesce(abs(${cell}) < ${EXACT_BELOW}, true))`,
});

const exactInteger = (type: string): FastCell => ({
  readAs: 'VARCHAR',
  value: (cell) => `TRY_CAST(${cell} AS ${type})`,
  isSure: (cell, value) =>
    `(${cell} IS NULL OR (regexp_full_match(${cell}, '[-+]?[0-9]+') AND ${value} IS NOT NULL))`,
});

/** Only these are worth a look at the numbers before. */
export const hasSizes = (type: string): boolean => SMALLER.has(type);
