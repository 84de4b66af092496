import type { TableSchema } from '../contract.ts';

/**
 * What a cell of text must look like to be a value of a type, and how it becomes one, as SQL. DuckDB's own casts are not enough: they
 * make 2 of `1.5` in a BIGINT, Infinity of 1e400, a date of `2024-01-01 and more`, and drop the zone of a TIMESTAMP, without a word.
 */
export type CellRule = {
  /** Whether a text that is not NULL is a value; never NULL itself. */
  isValid(cell: string): string;
  /** The value of a valid text. */
  value(cell: string): string;
};

/** The range in which each whole number is a DOUBLE of its own: above it two texts become one. */
export const EXACT_BELOW = '9007199254740992::DOUBLE';

const INTEGERS = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'UHUGEINT',
]);

export const isInteger = (type: string): boolean => INTEGERS.has(type);
export const isReal = (type: string): boolean => type === 'DOUBLE' || type === 'FLOAT' || type === 'REAL';

const DATE = '[0-9]{1,6}[-/][0-9]{1,2}[-/][0-9]{1,2}';
const TIME = '[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{0,6}0*)?)?';
const TIMESTAMP = `${DATE}([ T]${TIME} ?Z?)?`;

/** Undefined where DuckDB's reader casts as it should, by itself: BOOLEAN, types of a declared format, all others. */
export function ruleOf(
  type: string,
  formats: Pick<TableSchema, 'dateFormat' | 'timestampFormat'>,
): CellRule | undefined {
  if (isInteger(type)) return integerRule(type);
  if (isReal(type)) return realRule(type);
  const decimal = /^DECIMAL\(\d+, ?(\d+)\)$/.exec(type);
  if (decimal !== null) return patternRule(type, decimalPattern(Number(decimal[1])));
  if (type === 'DATE' && formats.dateFormat === undefined) return patternRule(type, DATE);
  if (type === 'TIMESTAMP' && formats.timestampFormat === undefined) return patternRule(type, TIMESTAMP);
  if (type === 'TIME') return patternRule(type, TIME);
  return undefined;
}

/** `7`, and what is the same number: `7.0`, `7e0`. */
function integerRule(type: string): CellRule {
  const isDigits = (cell: string): string => `regexp_full_match(${cell}, '\\s*[-+]?[0-9]+\\s*')`;
  const real = (cell: string): string => `TRY_CAST(${cell} AS DOUBLE)`;
  const isWhole = (cell: string): string =>
    `coalesce(${real(cell)} = trunc(${real(cell)}) AND abs(${real(cell)}) < ${EXACT_BELOW}, false)`;
  const value = (cell: string): string =>
    `CASE WHEN ${isDigits(cell)} THEN TRY_CAST(${cell} AS ${type}) WHEN ${isWhole(cell)} THEN TRY_CAST(${real(cell)} AS ${type}) END`;
  return { isValid: (cell) => `(${value(cell)}) IS NOT NULL`, value };
}

/** Too large a number is none, unless the text itself says infinity. */
function realRule(type: string): CellRule {
  const value = (cell: string): string => `TRY_CAST(${cell} AS ${type})`;
  return {
    isValid: (cell) =>
      `coalesce(NOT isinf(${value(cell)}) OR regexp_matches(${cell}, '[iI][nN][fF]'), false)`,
    value,
  };
}

/** Digits after the scale would be rounded away. */
const decimalPattern = (scale: number): string =>
  scale === 0 ? '[-+]?[0-9]+([.]0*)?' : `[-+]?([0-9]+([.][0-9]{0,${scale}}0*)?|[.][0-9]{1,${scale}}0*)`;

const patternRule = (type: string, pattern: string): CellRule => ({
  isValid: (cell) =>
    `(regexp_full_match(${cell}, '\\s*${pattern}\\s*') AND TRY_CAST(${cell} AS ${type}) IS NOT NULL)`,
  value: (cell) => `TRY_CAST(${cell} AS ${type})`,
});
