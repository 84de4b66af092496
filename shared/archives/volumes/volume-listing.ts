import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { directoryOf, nameOf } from './archive-name.ts';
import { MOST_DIGITS, partsOf } from './volume-name.ts';

/** What may be a further volume of something: `STEM-NUMBER.zip`, the number without a zero before it. Of `.zip` the stem is empty. */
const NUMBERED = new RegExp(String.raw`^(.*)-([1-9]\d{0,${MOST_DIGITS - 1}})(\.zip)$`, 'is');

/**
 * Which numbers stand in the names beside an archive. A directory is read once for all archives in it, as long as they come one after
 * the other: reading it anew for each would cost the square of their number.
 */
export class VolumeListing {
  readonly #base: string;
  #directory: string | undefined;
  /** By stem and suffix. */
  #numbers = new Map<string, number[]>();

  constructor(base: string) {
    this.#base = base;
  }

  /**
   * From 2 on, ascending. Whether such a file is a volume of this archive its name does not tell.
   *
   * @param archive below the base
   * @throws as node:fs does, but not where the directory is missing: then there are none
   */
  numbersOf(archive: string): number[] {
    this.#read(directoryOf(archive));
    const { stem, suffix } = partsOf(nameOf(archive));
    const numbers = this.#numbers.get(keyOf(stem, suffix)) ?? [];
    return numbers.filter((number) => number > 1).toSorted((a, b) => a - b);
  }

  /**
   * Tells of a volume that was made since.
   *
   * @param path below the base
   */
  add(path: string): void {
    if (directoryOf(path) === this.#directory) this.#note(nameOf(path));
  }

  #read(directory: string): void {
    if (directory === this.#directory) return;
    this.#numbers = new Map();
    for (const name of namesIn(join(this.#base, directory))) this.#note(name);
    this.#directory = directory;
  }

  #note(name: string): void {
    const [, stem, number, suffix] = NUMBERED.exec(name) ?? [];
    if (stem === undefined || suffix === undefined) return;
    const key = keyOf(stem, suffix);
    const numbers = this.#numbers.get(key);
    if (numbers === undefined) this.#numbers.set(key, [Number(number)]);
    else if (!numbers.includes(Number(number))) numbers.push(Number(number));
  }
}

const keyOf = (stem: string, suffix: string): string => `${stem}/${suffix}`;

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
