import type { CellRule } from './rule.ts';

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

// By the text, and never by a number that was made of it: a fraction of less than half of the last digit, and what is less than 1e-324, are
// gone by then. Regular expressions cost most of a load's time where all cells have to match one, so that simple texts are told by GLOB.

const WHOLE = '[-+]?([0-9]+([.]0*)?|[.]0+)([eE][+]?[0-9]{1,3})?';
const SCIENTIFIC = '[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)[eE][-+]?[0-9]{1,3}';

/** `7`, and what is the same number: `7.0`, `7e0`, `1.5e+05`. */
export function integerRule(type: string): CellRule {
  const value = (cell: string): string => `TRY_CAST(${cell} AS ${type})`;
  const isWhole = (cell: string): string => `regexp_full_match(${cell}, '\\s*(${WHOLE})\\s*')`;
  const part = (cell: string, nth: number): string =>
    `regexp_extract(${cell}, '([0-9]*)[.]?([0-9]*)[eE]([-+]?[0-9]+)', ${nth})`;
  const isShifted = (cell: string): string => {
    const [whole, digits] = [part(cell, 1), `${part(cell, 1)} || ${part(cell, 2)}`];
    const isZero = `ltrim(${digits}, '0') = ''`;
    return `(${isZero} OR strlen(rtrim(${digits}, '0')) - strlen(${whole}) <= TRY_CAST(${part(cell, 3)} AS INTEGER))`;
  };
  return {
    value,
    isValid: (cell) =>
      `(${value(cell)} IS NOT NULL AND CASE WHEN ${isWhole(cell)} THEN true WHEN regexp_full_match(${cell}, '\\s*(${SCIENTIFIC})\\s*') THEN ${isShifted(cell)} ELSE false END)`,
    isSure: (cell, made) =>
      `CASE WHEN ${cell} GLOB '*[!0-9-]*' THEN ${isWhole(cell)} AND ${made} IS NOT NULL ELSE (${cell} IS NULL) = (${made} IS NULL) END`,
  };
}

const REAL = '[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?';
const NO_NUMBER = '[-+]?([iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN])';

/** Too large a number is none, unless the text itself says infinity; nor is one that is too small, which would be 0. */
export function realRule(type: string): CellRule {
  const value = (cell: string): string => `TRY_CAST(${cell} AS ${type})`;
  const isValid = (cell: string): string =>
    `coalesce(${value(cell)} IS NOT NULL AND CASE WHEN regexp_full_match(${cell}, '\\s*(${REAL})\\s*')
     THEN NOT isinf(${value(cell)}) AND (${value(cell)} <> 0 OR NOT regexp_matches(${cell}, '^[^eE]*[1-9]'))
     ELSE regexp_full_match(${cell}, '\\s*(${NO_NUMBER})\\s*') END, false)`;
  return {
    value,
    isValid,
    isSure: (cell, made) =>
      `CASE WHEN ${cell} GLOB '*[!--.0-9eE+]*' THEN ${isValid(cell)} WHEN ${cell} IS NULL THEN true
       WHEN ${made} <> 0 THEN NOT isinf(${made}) AND NOT starts_with(${cell}, '+-') ELSE ${made} IS NOT NULL AND NOT ${cell} GLOB '*[1-9]*' END`,
  };
}
