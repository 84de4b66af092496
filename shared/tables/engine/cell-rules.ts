import type { TableSchema } from '../contract.ts';
import { integerRule, isInteger, isReal, realRule } from './number-rules.ts';
import { type CellRule, castRule, patternRule } from './rule.ts';
import { text } from './sql.ts';

export type { CellRule } from './rule.ts';

type Formats = Pick<TableSchema, 'dateFormat' | 'timestampFormat'>;

/** A year of two digits is not told from one of the first century. */
const DATE = '[0-9]{4,6}[-/][0-9]{1,2}[-/][0-9]{1,2}';

/** Digits beyond what the type keeps are zeros. */
const timeOf = (digits: number): string => `[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{0,${digits}}0*)?)?`;
const timestampOf = (digits: number): string => `${DATE}([ T]${timeOf(digits)} ?Z?)?`;

/** Numbers only: DuckDB takes names of zones too, but reads other rows wrong then. Seconds of an offset it takes for minutes. */
const OFFSET = '[-+](0[0-9]|1[0-5])(:?[0-5][0-9])?';
const SECONDS = '[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.][0-9]{0,6}0*)?';

/** Whole units, so that nothing is rounded. */
const UNIT = '(year|month|week|day|hour|minute|second|millisecond|microsecond)s?';
const INTERVAL = `[-+]?[0-9]+ ${UNIT}( [-+]?[0-9]+ ${UNIT})*( [-+]?${timeOf(6)})?|[-+]?${timeOf(6)}`;

/** Digits after the scale would be rounded away. */
const decimalPattern = (scale: number): string =>
  scale === 0 ? '[-+]?[0-9]+([.]0*)?' : `[-+]?([0-9]+([.][0-9]{0,${scale}}0*)?|[.][0-9]{1,${scale}}0*)`;

const PATTERNS: Readonly<Record<string, string>> = {
  TIME: timeOf(6),
  TIME_NS: timeOf(9),
  TIMESTAMP_S: timestampOf(0),
  TIMESTAMP_MS: timestampOf(3),
  TIMESTAMP_NS: timestampOf(9),
  'TIMESTAMP WITH TIME ZONE': `${timestampOf(6)}|${DATE}[ T]${SECONDS}${OFFSET}`,
  INTERVAL,
};

/** A cast makes one value of a text, or none: nothing is rounded, and nothing left out. */
const HONEST = new Set(['BOOLEAN', 'UUID', 'BLOB', 'BIT', 'JSON']);

/**
 * What a cell must look like for a type. Only of VARCHAR each cell is a value: then it is undefined.
 *
 * DuckDB's own casts are not enough: they make 2 of `1.5` in a BIGINT, Infinity of 1e400, a date of `2024-01-01 and more`, and drop the zone of
 * a TIMESTAMP, without a word. Nor is its CSV reader, which makes NULL of what is no TIMESTAMP WITH TIME ZONE.
 */
export function ruleOf(type: string, { dateFormat, timestampFormat }: Formats): CellRule | undefined {
  if (type === 'VARCHAR') return undefined;
  if (isInteger(type)) return integerRule(type);
  if (isReal(type)) return realRule(type);
  if (type === 'DATE')
    return dateFormat === undefined ? patternRule(type, DATE) : formatRule(type, dateFormat);
  if (type === 'TIMESTAMP')
    return timestampFormat === undefined
      ? patternRule(type, timestampOf(6))
      : formatRule(type, timestampFormat);
  if (type === 'TIME WITH TIME ZONE')
    return patternRule(
      type,
      `${SECONDS}( ?Z| ?${OFFSET})?`,
      (cell) => `regexp_replace(${cell}, ' ?Z\\s*$', '+00')`,
    );
  const pattern = PATTERNS[type];
  if (pattern !== undefined) return patternRule(type, pattern);
  const decimal = /^DECIMAL\(\d+, ?(\d+)\)$/.exec(type);
  if (decimal !== null) return patternRule(type, decimalPattern(Number(decimal[1])));
  return castRule(type, { mustComeBack: !HONEST.has(type) && !type.startsWith('ENUM(') });
}

/** `%Y` takes years of two digits for those of the first century. */
function formatRule(type: string, format: string): CellRule {
  const time = (cell: string): string => `TRY_STRPTIME(${cell}, ${text(format)})`;
  const isMeant = (cell: string): string => (format.includes('%Y') ? `year(${time(cell)}) >= 1000` : 'true');
  const value = (cell: string): string =>
    `CASE WHEN ${isMeant(cell)} THEN CAST(${time(cell)} AS ${type}) END`;
  return { value, isValid: (cell) => `(${value(cell)}) IS NOT NULL` };
}
