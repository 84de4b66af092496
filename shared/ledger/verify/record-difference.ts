/** Which fields of two manifest records differ, for a person; the lines are known to differ somewhere. */
export function differenceOf(found: Record<string, unknown>, expectedLine: string): string {
  const expected = JSON.parse(expectedLine) as Record<string, unknown>;
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  const different = keys.filter((key) => JSON.stringify(found[key]) !== JSON.stringify(expected[key]));
  if (different.length === 0) return 'the same fields in other bytes';
  return different
    .map((key) => `${key} is ${shown(found[key])}, should be ${shown(expected[key])}`)
    .join('; ');
}

const shown = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));

/** The record that a line holds; undefined where it is none. */
export function parseRecord(
  line: string | undefined,
): (Record<string, unknown> & { id: number }) | undefined {
  if (line === undefined) return undefined;
  try {
    const record: unknown = JSON.parse(line);
    if (typeof record !== 'object' || record === null || !('id' in record)) return undefined;
    return Number.isSafeInteger(record.id) ? (record as Record<string, unknown> & { id: number }) : undefined;
  } catch {
    return undefined;
  }
}
