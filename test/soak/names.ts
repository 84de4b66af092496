import { type BytePath, basename, fromText } from '../../shared/fs/byte-path.ts';
import type { Random } from './random.ts';

/** The most bytes a name may have on Linux. */
const LONGEST_NAME = 255;

type Shape = (serial: number) => string;

/** What a name may look like, in bytes. */
const HOSTILE: readonly Shape[] = [
  (serial) => `invalid-\xff\xfe\x80-${serial}.csv`,
  (serial) => `two\nlines ${serial}\n`,
  (serial) => `-rf ${serial} --version`,
  (serial) => `$(reboot);'"\`|&<>*?[${serial}]\\`,
  (serial) => fromText(`žluťoučký-🛳️-كتاب-${serial}.csv`),
  (serial) => fromText(`\u202egnp.${serial}`),
  (serial) => `\x01\x1b[2J\x7f ${serial}\t`,
  (serial) => ` ${serial} . `,
  (serial) => `%s%n%00-${serial}.csv.gz`,
  (serial) => `tmp.part.${serial}`,
  (serial) => `${serial}${'x'.repeat(LONGEST_NAME - 4 - `${serial}`.length)}.csv`,
  (serial) => `${serial}.${'e'.repeat(LONGEST_NAME - 1 - `${serial}`.length)}`,
  (serial) => `${serial}${'\xc3\xa4'.repeat(120)}`,
  (serial) => `ingest_date=2020-01-01-${serial}`,
];

const HOSTILE_SHARE = 0.25;

/** Whether a file is one of those that writers leave behind half done when the power is cut: never taken. */
export const isTemporary = (path: BytePath): boolean => /^\.|\.(tmp|part)$|~$/.test(basename(path));

/** Names that are never used twice, one in four of them of the kind that breaks scripts. None is hidden or temporary. */
export class Names {
  #serial = 0;

  fresh(random: Random): BytePath {
    const serial = this.#serial++;
    const shape = random.pick(HOSTILE);
    return (random.chance(HOSTILE_SHARE) ? shape(serial) : `file-${serial}.csv`) as BytePath;
  }

  /** A name of the kind that is never taken. */
  temporary(random: Random): BytePath {
    const serial = this.#serial++;
    return random.pick([`w${serial}.tmp`, `.w${serial}`, `w${serial}.part`, `w${serial}.csv~`]) as BytePath;
  }
}
