/** `12,345`; below 10 with one digit after the point where there is any. */
export function formatCount(value: number): string {
  const digits = value < 10 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `2.3 MB`: powers of 1000, as transfer rates are told. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** The two largest units: `4s`, `1m 05s`, `2h 07m`, `3d 04h`. Whole seconds. */
export function formatDuration(seconds: number): string {
  const pair = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    `${big}${bigUnit} ${String(small).padStart(2, '0')}${smallUnit}`;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return pair(days, 'd', hours % 24, 'h');
  if (hours > 0) return pair(hours, 'h', minutes % 60, 'm');
  return minutes > 0 ? pair(minutes, 'm', seconds % 60, 's') : `${seconds}s`;
}
