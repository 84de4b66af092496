import type { ColumnShape, FileToLoad } from '../contract.ts';
import type { FastCell, Formats } from './fast-cells.ts';
import { isInteger } from './number-rules.ts';

/** A number of so many characters a DOUBLE tells exactly: whether it has a fraction, and each of its digits. */
const MOST_EXACT = 15;
/** Of a DECIMAL, so that enough digits are left before the point. With none, `.0` is no value of it by its rule. */
const MOST_SCALE = 9;
/** One of so many, without an exponent, is far from infinity, and from what is 0 for being too small. */
const MOST_FINITE = 255;

/**
 * How a column is read whose cells are known to look so: by DuckDB's reader, which costs half of what looking at the text does. What it cannot
 * read then makes it reject the row, and nothing is made of it that the text does not say.
 *
 * @returns undefined where the text has to be looked at
 */
export function trustedCellOf(type: string, shape: ColumnShape, formats: Formats): FastCell | undefined {
  const { digits, hasPoints, hasDays, hasMoments, hasText } = shape;
  if (hasText || (hasDays && hasMoments)) return undefined;
  if (hasDays)
    return digits === 0 && type === 'DATE' && formats.dateFormat === undefined ? readAs(type) : undefined;
  if (hasMoments)
    return digits === 0 && type === 'TIMESTAMP' && formats.timestampFormat === undefined
      ? readAs(type)
      : undefined;
  if (type === 'DOUBLE') return digits <= MOST_FINITE ? readAs(type) : undefined;
  const scale = scaleOf(type);
  if (scale === undefined) return undefined;
  if (!hasPoints) return readAs(type);
  const isMeant = isInteger(type) || (scale > 0 && scale <= MOST_SCALE);
  return isMeant && digits <= MOST_EXACT ? exactCell(type, scale) : undefined;
}

/** DuckDB's reader would round what has too many digits behind the point, and so a DOUBLE is made of it, which tells. */
const exactCell = (type: string, scale: number): FastCell => ({
  readAs: 'DOUBLE',
  value: (cell) => `TRY_CAST(${cell} AS ${type})`,
  // Above that the digits of a DECIMAL are not those of the DOUBLE that it was made of.
  isSure: (cell, value) =>
    `(${cell} IS NULL OR coalesce(abs(${cell}) < 1e${MOST_EXACT - scale} AND CAST(${value} AS DOUBLE) = ${cell}, false))`,
  isTrusted: true,
});

/** Undefined of what is neither integer nor DECIMAL. */
function scaleOf(type: string): number | undefined {
  if (isInteger(type)) return 0;
  const decimal = /^DECIMAL\(\d+, ?(\d+)\)$/.exec(type);
  return decimal === null ? undefined : Number(decimal[1]);
}

const readAs = (type: string): FastCell => ({
  readAs: type,
  value: (cell) => cell,
  isSure: undefined,
  isTrusted: true,
});

/** Of all files together, which have the same columns; undefined where nothing is known of one. */
export function jointShapes(files: readonly FileToLoad[]): ColumnShape[] | undefined {
  const [first, ...others] = files.map(({ csv }) => csv.audit.shapes);
  if (first === undefined) return undefined;
  const joint = first.map((shape) => ({ ...shape }));
  for (const shapes of others) {
    if (shapes === undefined) return undefined;
    shapes.forEach((shape, column) => {
      const all = joint[column];
      if (all === undefined) return;
      all.digits = Math.max(all.digits, shape.digits);
      all.hasPoints ||= shape.hasPoints;
      all.hasDays ||= shape.hasDays;
      all.hasMoments ||= shape.hasMoments;
      all.hasText ||= shape.hasText;
    });
  }
  return joint;
}
