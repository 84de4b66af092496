import type { CellRule } from './cell-rules.ts';
import { isInteger } from './number-rules.ts';

/**
 * How a column is read where speed matters. A row is taken where all its cells are `isSure`; others are read again and judged by their
 * `CellRule`. What is sure is valid by that rule, with the same value.
 */
export type FastCell = {
  /** What DuckDB's reader is to read the cell as: text, wherever there is a rule, since of a value it cannot be told what the text was. */
  readAs: string;
  value(cell: string): string;
  /** Of the cell as it was read and its value; undefined: always. Never NULL. */
  isSure: ((cell: string, value: string) => string) | undefined;
};

export function fastCellOf(type: string, rule: CellRule | undefined): FastCell {
  if (rule === undefined) return { readAs: type, value: (cell) => cell, isSure: undefined };
  return {
    readAs: 'VARCHAR',
    value: rule.value,
    // A value that is made only of what is valid is NULL otherwise.
    isSure: rule.isSure ?? ((cell, value) => `(${cell} IS NULL) = (${value} IS NULL)`),
  };
}

/**
 * The same of files that have nothing but short decimal numbers: DuckDB's reader makes them, which costs half of what looking at the text does.
 * Integers are read as DOUBLE, since it would round what has a fraction.
 */
export function plainCellOf(type: string, rule: CellRule | undefined): FastCell {
  if (type === 'DOUBLE') return { readAs: type, value: (cell) => cell, isSure: undefined };
  if (!isInteger(type)) return fastCellOf(type, rule);
  return {
    readAs: 'DOUBLE',
    value: (cell) => `TRY_CAST(${cell} AS ${type})`,
    isSure: (cell, value) => `(${cell} IS NULL OR (${cell} = trunc(${cell}) AND ${value} IS NOT NULL))`,
  };
}
