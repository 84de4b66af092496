import type { Random } from '../random.ts';

/** The most bytes a part of a name may have. */
const LONGEST_PART = 255;

/** One in directories, one whose name is that of another's second volume, and one whose name is as odd as they come. */
export const ARCHIVES = [
  'tide.zip',
  'tide-2.zip',
  '2024/05/tide.zip',
  'žluťoučký kůň/🛳️.ZIP',
  'quay.zip',
] as const;

type Shape = (serial: string) => string;

const padded = (serial: string, letter: string): string =>
  serial + letter.repeat(Math.floor((LONGEST_PART - serial.length) / Buffer.byteLength(letter)));

/** What the name of a member may look like. */
const ODD: readonly Shape[] = [
  (serial) => `two\nlines ${serial}\n`,
  (serial) => `-rf ${serial} --version`,
  (serial) => `$(reboot);'"\`|&<>*?[${serial}]\\`,
  (serial) => `žluťoučký-🛳️-كتاب-${serial}.csv`,
  (serial) => `nfd-e\u0301-${serial}`,
  (serial) => `nfc-\u00e9-${serial}`,
  (serial) => `\u202egnp.${serial}`,
  (serial) => `\x01\x1b[2J\x7f ${serial}\t`,
  (serial) => ` ${serial} . `,
  (serial) => `C:\\${serial}`,
  (serial) => `${serial}.zip/inner.zip/${serial}`,
  (serial) => `${'d/'.repeat(60)}${serial}`,
  (serial) => padded(serial, 'x'),
  (serial) => padded(serial, '\u{1f6a2}'),
  (serial) => `${padded(serial, 'ä').slice(0, 90)}.${'e'.repeat(60)}`,
  (serial) => `inbox/${serial}`,
];

const ODD_SHARE = 0.25;

/** @param serial what is in no other name */
export function memberName(random: Random, serial: string): string {
  const shape = random.pick(ODD);
  return random.chance(ODD_SHARE) ? shape(serial) : `d${random.whole(1, 9)}/file-${serial}.csv`;
}

const SHARED_NAMES = 40;
const LONG_SHARED = 4;

/** A name that all writers have in common: in some its last part leaves no room for a version's digits. */
export function sharedName(random: Random): { archive: string; member: string } {
  const number = random.whole(0, SHARED_NAMES - 1);
  const archive = ARCHIVES[number % ARCHIVES.length] ?? ARCHIVES[0];
  const member = number < LONG_SHARED ? `shared/${padded(`${number}`, 'ß')}` : `shared/${number}.tar.gz`;
  return { archive, member };
}
