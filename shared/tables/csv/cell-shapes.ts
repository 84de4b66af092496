const DAY_LENGTH = 10;
const MOMENT_LENGTH = 19;

const DASH = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;
const T = 0x54;

/** `2024-01-31`, or a number as far as its form goes. */
export const isDay = (bytes: Uint8Array, start: number, end: number): boolean =>
  end - start === DAY_LENGTH && isDayAt(bytes, start);

/** `2024-01-31 23:59:59`, or with a T. */
export function isMoment(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== MOMENT_LENGTH || !isDayAt(bytes, start)) return false;
  const between = bytes[start + 10];
  return (
    (between === SPACE || between === T) &&
    isPair(bytes, start + 11) &&
    bytes[start + 13] === COLON &&
    isPair(bytes, start + 14) &&
    bytes[start + 16] === COLON &&
    isPair(bytes, start + 17)
  );
}

const isDayAt = (bytes: Uint8Array, at: number): boolean =>
  isPair(bytes, at) &&
  isPair(bytes, at + 2) &&
  bytes[at + 4] === DASH &&
  isPair(bytes, at + 5) &&
  bytes[at + 7] === DASH &&
  isPair(bytes, at + 8);

const isPair = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at] as number) && isDigit(bytes[at + 1] as number);

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
