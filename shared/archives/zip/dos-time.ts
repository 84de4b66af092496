const FIRST_MS = Date.UTC(1980, 0, 1);
const LAST_MS = Date.UTC(2107, 11, 31, 23, 59, 58);

/** MS-DOS's date (upper half) and time, in UTC, cut to two seconds; what is before 1980 or after 2107 is the nearest that there is. */
export function toDosTime(ms: number): number {
  const at = new Date(Math.min(Math.max(ms, FIRST_MS), LAST_MS));
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return ((date << 16) | time) >>> 0;
}

/** As UTC, in milliseconds. The format does not say of which zone it is; a month or day of zero, as some write, is the first. */
export function fromDosTime(dos: number): number {
  const date = dos >>> 16;
  const month = Math.max(1, (date >>> 5) & 0xf);
  const day = Math.max(1, date & 0x1f);
  const seconds = (dos & 0x1f) * 2;
  return Date.UTC(1980 + (date >>> 9), month - 1, day, (dos >>> 11) & 0x1f, (dos >>> 5) & 0x3f, seconds);
}
