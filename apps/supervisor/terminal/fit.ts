/** The anchor is the one sign of ours that takes two columns. */
const WIDE = '⚓';

export const columnsOf = (text: string): number =>
  [...text].reduce((columns, sign) => columns + (sign === WIDE ? 2 : 1), 0);

/**
 * As many parts as fit, in order, joined by ` · `; where not even the first one fits, the beginning of it.
 *
 * @param parts our own text, without control characters
 */
export function fitParts(parts: readonly string[], width: number): string {
  let line = parts[0] ?? '';
  for (const part of parts.slice(1)) {
    const longer = `${line} · ${part}`;
    if (columnsOf(longer) > width) break;
    line = longer;
  }
  while (columnsOf(line) > width) line = [...line].slice(0, -1).join('');
  return line;
}
