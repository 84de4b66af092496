import type { TableSchema } from '../contract.ts';
import type { CellRule } from './cell-rules.ts';

/**
 * How a column is read where speed matters. A row is taken where all its cells are `isSure`; others are read again and judged by their
 * `CellRule`. What is sure is valid by that rule, with the same value.
 */
export type FastCell = {
  /** What DuckDB's reader is to read the cell as: text, wherever there is a rule and no trust, since of a value it cannot be told what the text was. */
  readAs: string;
  value(cell: string): string;
  /** Of the cell as it was read and its value; undefined: always. Never NULL. */
  isSure: ((cell: string, value: string) => string) | undefined;
  /** By what the audit has shown of the column; see `trustedCellOf`. */
  isTrusted?: true;
};

export type Formats = Pick<TableSchema, 'dateFormat' | 'timestampFormat'>;

export function fastCellOf(type: string, rule: CellRule | undefined): FastCell {
  if (rule === undefined) return { readAs: type, value: (cell) => cell, isSure: undefined };
  return {
    readAs: 'VARCHAR',
    value: rule.value,
    // A value that is made only of what is valid is NULL otherwise.
    isSure: rule.isSure ?? ((cell, value) => `(${cell} IS NULL) = (${value} IS NULL)`),
  };
}

/** Whether a cell that was read as text is sure: the same that would be said of it as it is read where speed matters. */
export function isSureOfText({ readAs, value, isSure }: FastCell, cell: string): string | undefined {
  const read = readAs === 'VARCHAR' ? cell : `TRY_CAST(${cell} AS ${readAs})`;
  return isSure?.(read, value(read));
}
