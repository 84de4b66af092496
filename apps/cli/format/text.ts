import { type BytePath, isUtf8, toBytes, toText } from '../../../shared/fs/byte-path.ts';

/** 1,234,567 or, with digits, 1,234.5. */
export const count = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const;

/** Bytes in steps of 1000, as disks are sold and as `df -H` says: 1.5 GB. */
export function bytes(value: number): string {
  let [rest, unit] = [value, 0];
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${rest >= 99.5 || unit === 0 ? Math.round(rest) : rest.toFixed(1)} ${UNITS[unit]}`;
}

/** 45 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  for (const [size, name, smaller, smallerName] of SPANS) {
    if (whole < size) continue;
    const rest = Math.floor((whole % size) / smaller);
    return rest === 0
      ? `${Math.floor(whole / size)} ${name}`
      : `${Math.floor(whole / size)} ${name} ${rest} ${smallerName}`;
  }
  return `${whole} s`;
}

const SPANS = [
  [86_400, 'd', 3600, 'h'],
  [3600, 'h', 60, 'min'],
  [60, 'min', 1, 's'],
] as const;

/** 2024-11-02 10:00:00 UTC: the zone of partitions and manifests. */
export const moment = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** `one` or `many`, with the number before it. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** For a terminal and for logs of one line: what would move the cursor or end the line is written as an escape. */
export const printable = (path: BytePath): string => escapeControls(toText(path));

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

export const escapeControls = (text: string): string =>
  text.replace(CONTROLS, (character) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return known ?? `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });

/** A path as JSON: its text, and its bytes beside it where the text had to lose them. */
export const pathFields = <Key extends string>(
  key: Key,
  path: BytePath | undefined,
): Record<string, string | null> =>
  path === undefined
    ? { [key]: null }
    : {
        [key]: toText(path),
        ...(isUtf8(path) ? {} : { [`${key}_base64`]: toBytes(path).toString('base64') }),
      };

export const isoOrNull = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();
